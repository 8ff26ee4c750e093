# Ripeline's commands. All are idempotent; `check` never edits; nothing needs root except where it says so.
# Debian's own Python is built with every optimisation: pages take a quarter less time than with one that was just compiled.
PYTHON ?= $(shell /usr/bin/python3 -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo /usr/bin/python3 || echo python3)
VENV   := .venv
BIN    := $(VENV)/bin
DEMO   ?= 1

.PHONY: help setup setup-dev setup-bench run test test-again check fix bench lock
help: ## what each command does
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Ripeline needs Python 3.11 or newer (PYTHON=/path/to/python3 make …)"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "Python's venv module is missing: as root, apt-get install python3-venv"; rm -rf $(VENV); exit 1; }

$(VENV)/.setup: requirements.lock pyproject.toml | $(BIN)/python
	@echo "Installing Ripeline into $(VENV); the first time this takes some minutes"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.setup-dev: requirements-dev.lock $(VENV)/.setup
	@echo "Installing what tests and checks need"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

setup: $(VENV)/.setup ## install Ripeline into .venv

setup-dev: $(VENV)/.setup-dev ## the same, and what tests, checks and benchmarks need (Chromium: by apt-get, as root)
	@command -v chromium >/dev/null || { \
	  if [ "$$(id -u)" = 0 ]; then echo "Installing Chromium for the browser tests"; \
	    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null; \
	  else echo "The browser tests need Chromium; as root: apt-get install chromium"; exit 1; fi; }

run: setup ## serve the demo company (DEMO=0: your own) at http://127.0.0.1:8000 (PORT=8001: there)
	@$(BIN)/ripeline up $(if $(PORT),--port $(PORT)) $(if $(filter 0,$(DEMO)),,--demo)

test: setup-dev ## run every test
	@$(BIN)/python -m pytest -n 2 --dist loadgroup $(ARGS)

test-again: setup-dev ## run only what failed the last time, one at a time
	@$(BIN)/python -m pytest --last-failed --last-failed-no-failures none $(ARGS)

check: setup-dev ## lint, types and contracts; never edits
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/lint-imports
	@$(BIN)/mypy

fix: setup-dev ## format and mend what ruff can mend
	@$(BIN)/ruff check --fix-only .
	@$(BIN)/ruff format .

setup-bench: setup-dev requirements-bench.lock ## the same, and the peers that benchmarks measure against
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-bench.lock

bench: setup-dev ## list the benchmarks; ripeline bench NAME runs one
	@$(BIN)/ripeline bench --list

lock: setup-dev ## renew the lock files (hashes, no host names)
	@$(BIN)/uv pip compile -q --universal --generate-hashes --no-emit-index-url --python-version 3.11 pyproject.toml -o requirements.lock
	@$(BIN)/uv pip compile -q --universal --generate-hashes --no-emit-index-url --python-version 3.11 --extra dev pyproject.toml -c requirements.lock -o requirements-dev.lock
	@$(BIN)/uv pip compile -q --universal --generate-hashes --no-emit-index-url --python-version 3.11 --extra bench pyproject.toml -c requirements-dev.lock -o requirements-bench.lock
