"""The `ugc` command: one module per family of commands."""

from __future__ import annotations

from typing import Any

import click

from ugc.kit.errors import UgcError

# What `ugc check` and imports use for "a fault was found" is 1; 2 is a command that could not do its work.
CANNOT = 2


class Commands(click.Group):
    """A group whose commands answer our own errors with one line instead of a traceback."""

    def invoke(self, context: click.Context) -> Any:
        """Run the command; a UgcError ends it with exit code 2."""
        try:
            return super().invoke(context)
        except UgcError as error:
            click.echo(f"ugc: {error.detail}", err=True)
            raise SystemExit(CANNOT) from None


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="ugc")
def main() -> None:
    """Self-hosted service for customers' photos, reviews and posts."""


from ugc.cli import accounts, demo, imports, inspecting, serving  # noqa: E402  # each module adds its commands to the group above

__all__ = ["accounts", "demo", "imports", "inspecting", "main", "serving"]
