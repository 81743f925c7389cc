# Two commands matter: `make demo` and `make test`. Each prepares .venv by itself: Python 3.11 or
# newer and a package registry that pip can reach are all they need.

# `or`, not `?=`: an empty variable in the environment means the default too.
override TICKETS := $(or $(TICKETS),2000)
override REPORT := $(or $(REPORT),build/report.json)
override SECONDS := $(or $(SECONDS),300)
override SEED := $(or $(SEED),1)

BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet
UV_VERSION := 0.13.8

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test faults bench bench-check screenshots lint format requirements clean

help:  ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-14s %s\n", $$1, $$2}' Makefile

demo: .venv/.project  ## Run everything here: Kafka, worker, dashboard, a stand-in for Claude (TICKETS=2000 REPORT=build/report.json)
	@mkdir -p "$$(dirname "$(REPORT)")"
	$(BIN)/ticket-streams demo --tickets $(TICKETS) --report "$(REPORT)"

# loadfile: the tests of a file share one broker and one set of topics, so they stay in one process.
# In the order of the tree: the default puts files with one test, the longest ones, at the very end.
# Four on two cores: the longest ones wait more than they work.
# Compiled code is kept: hundreds of workers start, and each would compile all of it again.
test: .venv/.project .venv/.dev build/.chromium  ## Run all tests: the fast ones, those with Kafka, and the faults
	PYTHONDONTWRITEBYTECODE= $(BIN)/pytest -n 4 --dist loadfile --no-loadscope-reorder

faults: .venv/.project .venv/.dev  ## Break everything at random under load, and compare (SECONDS=1800 SEED=1): build/faults.md
	$(BIN)/python -m tests.faults.campaign --seconds $(SECONDS) --seed $(SEED) --out build

screenshots: .venv/.project .venv/.dev build/.chromium  ## Take the README's pictures of the dashboard: docs/images
	$(BIN)/python -m docs.screenshots

bench: .venv/.project .venv/.dev  ## Ours beside what a user would write instead, into docs/benchmarks.md (BENCH=--short)
	$(BIN)/python -m benchmarks.peers.run --out docs/benchmarks.md $(BENCH)

bench-check: .venv/.project .venv/.dev  ## Fail where a ticket takes 15% more than it did: counted, not timed (BENCH=--update)
	$(BIN)/python -m benchmarks.guard $(BENCH)

lint: .venv/.project .venv/.dev  ## Check style, format and types
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

format: .venv/.dev  ## Mend style and format
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

# The files keep their pins; UPGRADE=--upgrade moves them. Written without any registry's address,
# and valid for every platform and each Python from 3.11.
COMPILE = build/uv/bin/uv pip compile --quiet --universal --python-version 3.11 \
	--generate-hashes --custom-compile-command 'make requirements' $(UPGRADE)

requirements: build/uv/bin/uv  ## Pin the packages of pyproject.toml again (UPGRADE=--upgrade moves them)
	$(COMPILE) pyproject.toml -o requirements.txt
	$(COMPILE) pyproject.toml --extra dev -c requirements.txt -o requirements-dev.txt
	$(COMPILE) --group build -c requirements-dev.txt -o requirements-build.txt

clean:  ## Remove .venv and everything built
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis

# --- .venv, in three steps, each repeated only when its files change ---------------------------

# python3.11 may be there and not run (a version manager's shim), so each is tried.
.venv/.runtime: requirements.txt requirements-build.txt
	@for python in python3.11 python3; do \
	  if "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	    echo "Setting up .venv with $$("$$python" --version): about half a minute, once"; \
	    exec "$$python" -m venv --clear .venv; \
	  fi; \
	done; \
	echo "Python 3.11 or newer is needed: neither python3.11 nor python3 is one" >&2; exit 1
	$(PIP) --require-hashes -r requirements.txt -r requirements-build.txt
	@touch $@

# No build isolation: the build tools come from requirements-build.txt, with known hashes.
.venv/.project: .venv/.runtime pyproject.toml
	$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

.venv/.dev: .venv/.runtime requirements-dev.txt
	$(PIP) --require-hashes -r requirements-dev.txt
	@touch $@

# The page is tried in a real browser: this machine's, or Debian's. Not made where there is none.
build/.chromium: .ci/chromium
	@.ci/chromium $@

build/uv/bin/uv:
	python3 -m venv build/uv
	build/uv/bin/python -m pip install --quiet uv==$(UV_VERSION)
	@touch $@
