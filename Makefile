# Everything that a fresh machine with git, make, Python 3.11+ and its venv module needs is set up by the targets themselves.
# Address of a package index and its certificates come from the machine's own configuration, never from here.

SHELL := /bin/bash
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

PYTHON ?= $(firstword $(foreach p,python3.11 python3.12 python3.13 python3,$(shell command -v $(p))))
UV := .uv/bin/uv
READY := .venv/.ready
ARGS ?=
# A download of a hundred megabytes on a slow line must not end the set-up.
export UV_HTTP_TIMEOUT ?= 300
export UV_PYTHON_DOWNLOADS := never
# --no-build: what has no wheel would need a compiler, which a fresh machine has not.
# Built once into the environment, so that no index is asked for build tools.
INSTALL_SELF := $(UV) pip install -q --python .venv --no-deps --no-build-isolation

.PHONY: help setup demo test test-long check bench widget lock browser clean

help: ## what there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 18

setup: $(READY) ## the environment, from locked and hashed dependencies

$(UV): requirements/uv.txt
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed (python3)." >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; $(PYTHON) is older." >&2; exit 1; }
	@echo "· setting up: uv" && "$(PYTHON)" -m venv .uv && .uv/bin/python -m pip install -q --require-hashes -r requirements/uv.txt
	@touch $@

$(READY): $(UV) requirements/dev.txt pyproject.toml
	@echo "· setting up: the environment (.venv)"
	@test -x .venv/bin/python || $(UV) venv -q --python "$(PYTHON)" .venv
	@$(UV) pip sync -q --python .venv --require-hashes --no-build requirements/dev.txt
	@$(INSTALL_SELF) -e .
	@touch $@

demo: $(READY) ## a running sample shop with its studio; options in ARGS="--port 8001 --data-dir DIR --seed-only"
	@exec .venv/bin/ugc demo $(ARGS)

browser: $(READY)
	@.ci/browser >/dev/null

test: browser ## the whole suite, browser tests included
	@CHROMIUM="$$(.ci/browser)" .venv/bin/python -m pytest -n 2 --dist worksteal -m "not long" $(ARGS)

test-long: browser ## the same with the full counts of the reliability tests
	@CHROMIUM="$$(.ci/browser)" .venv/bin/python -m pytest -n 2 --dist worksteal --timeout 7200 --hypothesis-profile long $(ARGS)

check: $(READY) node_modules/.ready ## lints, types, layers, models = migrations, types of the browser code
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports
	.venv/bin/python -m pytest tests/test_house.py tests/test_ground.py
	.ci/node tsc --project .

node_modules/.ready: $(READY) package-lock.json
	@echo "· setting up: the type checker of the browser code"
	@.ci/node npm ci --silent --no-audit --no-fund --ignore-scripts
	@touch $@

bench: $(READY) ## every benchmark in its short form; one of them in full: .venv/bin/python benchmarks/gallery.py
	@for file in benchmarks/[a-z]*.py; do echo "== $$file"; CHROMIUM="$$(.ci/browser 2>/dev/null)" .venv/bin/python "$$file" --quick $(ARGS) || exit 1; done

widget: $(READY) ## write the element's published files anew from static/widget/
	@.venv/bin/python -m ugc.embed.publishing

LOCK := $(UV) pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url --no-emit-find-links

lock: $(UV) ## write requirements/*.txt anew from pyproject.toml; ARGS="--upgrade" takes the newest versions
	$(LOCK) pyproject.toml -o requirements/run.txt $(ARGS)
	$(LOCK) pyproject.toml --extra video -o requirements/video.txt $(ARGS)
	$(LOCK) pyproject.toml --extra video --extra semantic -o requirements/semantic.txt $(ARGS)
	$(LOCK) pyproject.toml --extra video --extra semantic --group dev -o requirements/dev.txt $(ARGS)
	$(LOCK) --group build -o requirements/build.txt $(ARGS)

clean: ## remove what the targets made, your data in var/ left alone
	rm -rf .uv .venv node_modules dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
