"""`python -m ugc.cli`: the same as `ugc`, for starting child processes with this very interpreter."""

from ugc.cli import main

if __name__ == "__main__":
    main()
