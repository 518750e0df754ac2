# Everything here needs Python 3.11 or newer, pip and make; the rest is installed into .venv.
PYTHON ?= $(shell for each in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	"$$each" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo "$$each"; exit; }; done; echo python3)
VENV := .venv
BIN := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help demo test lint bench docs docs-images live format clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/.demo ## run the main job on a copy of the example story, on the embedded emulator
	@PATH="$(abspath $(BIN)):$$PATH" sh examples/demo.sh

test: lint ## run everything that CI runs
	$(BIN)/python -m pytest -n auto --dist loadgroup --cov --cov-report=term --basetemp="$$(mktemp -d)/tests"

lint: $(VENV)/.dev ## check style, types and import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

bench: $(VENV)/.bench ## measure side by side (T=plan: one topic; STORY=dir: that story; ROUNDS=5)
	$(BIN)/python -m benchmarks $(T) --rounds $(or $(ROUNDS),5)

docs: $(VENV)/.dev ## build the documentation into site/
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --quiet --strict
	@echo "look at it: site/index.html"

docs-images: $(VENV)/.dev ## make the documentation's pictures anew (needs Chromium, or CHROMIUM=path)
	$(BIN)/python docs/images/make.py

live: $(VENV)/.demo ## five tasks at the real service (CHARGEN_LIVE=1 and a key; half a dollar at most)
	@$(BIN)/python -m tests.live $(if $(PROJECT),--project "$(PROJECT)")

format: $(VENV)/.dev ## put the code into its style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean: ## remove what was installed and built
	rm -rf $(VENV) build dist site *.egg-info .coverage* .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

# The stamps are made last, so that what failed is done again.
$(VENV)/bin/python:
	rm -rf $(VENV)
	$(PYTHON) -m venv $(VENV)

$(VENV)/.demo: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	touch $@

$(VENV)/.bench: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[bench]'
	touch $@ $(VENV)/.demo

$(VENV)/.dev: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $@ $(VENV)/.demo
