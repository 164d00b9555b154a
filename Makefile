# Every target sets itself up from a fresh clone. `make` alone lists them.
.DEFAULT_GOAL := help
SHELL := /bin/sh
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STACK ?= rag-assistant
ENVIRONMENT ?= dev
COUNT ?= 1000000
SEED ?= 1
JOBS ?= 2
PARTS ?=
QUESTION ?= How long do I have to report a stolen car?

# uv is asked for packages where pip is, and where stackgen's own installers ask (docs/installing.md).
INDEX := $(or $(UV_DEFAULT_INDEX),$(UV_INDEX_URL),$(PIP_INDEX_URL))
ifneq ($(INDEX),)
export UV_DEFAULT_INDEX := $(INDEX)
export PIP_INDEX_URL := $(INDEX)
endif

$(BIN)/stackgen: pyproject.toml requirements/development.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
	$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r requirements/development.txt
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	$(BIN)/python -m compileall -q src # as the packages are: what hundreds of processes load is compiled once
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
test: $(BIN)/stackgen ## run the tests of every change: unit, programs, sweep, engine, local, kubernetes
	$(BIN)/pytest -n 2

.PHONY: nightly
nightly: $(BIN)/stackgen ## the long tests: random faults and edits, every state of a swap, combinations of boxes
	$(BIN)/pytest -m nightly

.PHONY: check
check: $(BIN)/stackgen ## format, lint and types
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/pyright

.PHONY: golden
golden: $(BIN)/stackgen ## rewrite the expected files of tests; review the diff
	$(BIN)/pytest -m "unit or programs" --update-golden

.PHONY: provider-truth
provider-truth: $(BIN)/stackgen ## bring every cloud program before the real Terraform providers; records what they say
	$(BIN)/python -m tests.provider_truth.build
	$(BIN)/python -m tests.provider_truth

.PHONY: fuzz
fuzz: $(BIN)/stackgen ## fuzz specs for long: COUNT=1000000 SEED=1 JOBS=2
	$(BIN)/python -m tests.hostile.fuzz --count $(COUNT) --seed $(SEED) --jobs $(JOBS)

.PHONY: torture
torture: $(BIN)/stackgen ## kill and fail the command at every third call that changes files; every string in every field
	$(BIN)/python -m tests.hostile.torture --step 3
	HOSTILE_WHOLE=1 $(BIN)/pytest -q tests/hostile/test_injection.py

.PHONY: board
board: $(BIN)/stackgen ## measure everything that runs here, and write the board anew, with signed records
	$(BIN)/python tools/board.py

.PHONY: locks
locks: $(BIN)/stackgen ## write every lock with its digests; UPGRADE=--upgrade takes the latest versions
	$(BIN)/python tools/locks.py $(UPGRADE)
	$(BIN)/python tools/licences.py

.PHONY: reference
reference: $(BIN)/stackgen ## write docs/reference/ from the source
	$(BIN)/python -m tools.reference

.PHONY: docs
docs: $(BIN)/stackgen ## build the documentation as a static site in site/; fails at a warning
	$(BIN)/uv pip install --quiet --python $(BIN)/python --group docs
	PYTHONPATH=. NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

.PHONY: audit
audit: $(BIN)/stackgen ## ask advisory databases about every locked version, list images; PARTS="python go images"
	$(BIN)/python -m tools.audit $(PARTS)

.PHONY: bench
bench: $(BIN)/stackgen ## measure beside the peers, some minutes; FULL=1: every tool and size, an hour
	$(BIN)/uv pip install --quiet --python $(BIN)/python --group bench
	$(BIN)/python -m benchmarks $(if $(FULL),--full)
