# Everything runs in a virtual environment of its own, made from python3 (3.11 or newer) when first needed.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
NODE := build/node
export NO_MKDOCS_2_WARNING := 1

.DEFAULT_GOAL := help
.PHONY: help demo serve site test coverage mutation check clean

help: ## Say what there is to make
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 18

# The stamps are newer than the files they depend on, so that an edit of pyproject.toml installs again.
$(VENV)/demo.stamp: pyproject.toml
	@test -d $(VENV) || $(PYTHON) -m venv $(VENV)
	@echo "Installing into $(VENV) (once) ..." >&2
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[demo]"
	@touch $@

$(VENV)/dev.stamp: $(VENV)/demo.stamp
	@echo "Installing what the tests need (once) ..." >&2
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --group dev
	@touch $@

# Node.js for the one test that runs the engine in a browser's Python; as root on Debian it is installed too.
$(NODE)/ready: tests/browser/package.json tests/browser/package-lock.json
	@command -v npm >/dev/null || { test "$$(id -u)" = 0 && command -v apt-get >/dev/null && \
		echo "Installing Node.js (once) ..." >&2 && apt-get update -qq && apt-get install -qq -y nodejs npm >&2; } || \
		{ echo "The tests need Node.js 18 or newer with npm: https://nodejs.org" >&2; exit 1; }
	@echo "Installing a browser's Python into $(NODE) (once) ..." >&2
	@mkdir -p $(NODE) && cp $^ $(NODE)
	@npm ci --prefix $(NODE) --engine-strict --no-audit --no-fund --loglevel=error >&2
	@touch $@

demo: $(VENV)/demo.stamp ## Make a picture through the gateway with OpenAI's SDK, offline, and show what happened
	@$(BIN)/pentaprism demo

serve: $(VENV)/demo.stamp ## Run the gateway on port 8080 (offline twins unless a provider key is set)
	@$(BIN)/pentaprism serve

site: $(VENV)/demo.stamp ## Build the website into build/site
	@$(BIN)/pentaprism site build

test: $(VENV)/dev.stamp $(NODE)/ready ## Run every test
	@$(BIN)/python -m pytest -n auto

# What a property test or a mutant takes differs from run to run; the rest left out would add time and no branch.
DRAWN := -m "not hypothesis" --ignore-glob='tests/test_laws*' --ignore=tests/test_mutants.py
OUTER := $(patsubst %,--ignore-glob='tests/test_%.py',action contributing demo pages* portable readme wheel)

coverage: $(VENV)/dev.stamp ## Run every example of the pure rows; fail where a branch of theirs is never taken
	@$(BIN)/python -m pytest -n auto $(DRAWN) $(OUTER) --cov --cov-branch --cov-fail-under=100

# Apart from the environment, as nothing else needs it: mutmut makes the mutants, benchmarks/mutation.py runs them.
build/mutation/lib: Makefile $(VENV)/dev.stamp
	@echo "Installing mutmut into build/mutation (once) ..." >&2
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade --no-deps --target $@ mutmut==3.8.1 libcst
	@touch $@

mutation: build/mutation/lib ## See which small changes of sizes, prices and compiling no test notices (MUTATION=--help)
	@PYTHONPATH=$(CURDIR)/$< $(BIN)/python benchmarks/mutation.py $(MUTATION)

check: $(VENV)/dev.stamp ## Lint, type-check and validate the catalog
	@$(BIN)/ruff check engine tests benchmarks
	@$(BIN)/ruff format --check engine tests benchmarks
	@$(BIN)/mypy
	@$(BIN)/pentaprism validate

clean: ## Remove what was built and installed
	rm -rf $(VENV) build dist
