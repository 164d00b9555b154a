# Every target sets itself up from a fresh clone. `make` alone lists them.
.DEFAULT_GOAL := help
SHELL := /bin/sh
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STACK ?= rag-assistant
ENVIRONMENT ?= dev
QUESTION ?= How long do I have to report a stolen car?

$(BIN)/stackgen: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check 'uv>=0.9'
	$(BIN)/uv pip install --quiet --python $(BIN)/python --editable '.[all]' --group dev
	@touch $@

.PHONY: help
help: ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

.PHONY: up
up: $(BIN)/stackgen ## deploy the example stack on this machine, verify it, ask the assistant a question
	$(BIN)/stackgen up $(STACK) -e $(ENVIRONMENT) --yes
	$(BIN)/stackgen verify $(STACK) -e $(ENVIRONMENT)
	$(BIN)/stackgen run $(STACK) -e $(ENVIRONMENT) -- $(BIN)/python stacks/$(STACK)/ask.py "$(QUESTION)"

.PHONY: down
down: $(BIN)/stackgen ## stop the example stack; its data stays
	$(BIN)/stackgen down $(STACK) -e $(ENVIRONMENT) --yes

.PHONY: test
test: $(BIN)/stackgen ## run every test: unit, engine, local, kubernetes
	$(BIN)/pytest

.PHONY: check
check: $(BIN)/stackgen ## format, lint and types
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/pyright

.PHONY: golden
golden: $(BIN)/stackgen ## rewrite the expected files of tests; review the diff
	$(BIN)/pytest -m unit --update-golden

.PHONY: provider-truth
provider-truth: $(BIN)/stackgen ## bring every cloud program before the real Terraform providers; records what they say
	$(BIN)/python -m tests.provider_truth.build
	$(BIN)/python -m tests.provider_truth

.PHONY: bench
bench: $(BIN)/stackgen ## measure beside the peers, some minutes; FULL=1: every tool and size, an hour
	$(BIN)/uv pip install --quiet --python $(BIN)/python --group bench
	$(BIN)/python -m benchmarks $(if $(FULL),--full)
