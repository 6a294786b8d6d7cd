# Two commands do all the set-up: `make demo` shows the main job, `make test` runs the tests.

PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
# The tests wait for servers half of the time: two for each processor keep it busy.
WORKERS ?= $(shell $(PYTHON) -c 'import os; print(2 * (os.cpu_count() or 1))')

.PHONY: demo test torture matrix lint reference dist format bench clean

demo: $(VENV)/.installed
	$(BIN)/python -m sqlmig apply
	$(BIN)/python -m sqlmig status
	$(BIN)/python -m sqlmig rollback 004
	$(BIN)/python -m sqlmig apply
	$(BIN)/python -m sqlmig seed

test: $(VENV)/.installed
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal $(ARGS)

torture: $(VENV)/.installed
	-npm install --silent --no-audit --no-fund --prefix $(VENV)/tools dbmate node-pg-migrate pg
	SQLMIG_TEST_TOOLS=$(abspath $(VENV)/tools) $(BIN)/python -m pytest tests/adoption --torture -n auto $(ARGS)
	$(BIN)/python -m pytest tests/aec_admin tests/changelog/test_pre_commit.py tests/document tests/faults \
	  tests/engine/test_guard.py tests/engine/test_settings.py tests/impact tests/proof/test_shared.py \
	  tests/proof/test_kinds.py tests/proof/test_scratch.py tests/test_public_names.py \
	  tests/test_deployments.py \
	  tests/test_startup.py tests/fleet --torture -n auto $(ARGS)
	SQLMIG_TEST_EXAMPLES=500 $(BIN)/python -m pytest tests/proof/test_pg_dump.py \
	  tests/engine/test_committing_scripts.py tests/mongo/test_extended_json.py -n auto $(ARGS)
	SQLMIG_TEST_EXAMPLES=100 $(BIN)/python -m pytest tests/engine/test_whose_history.py \
	  tests/proof/test_watch.py $(ARGS)
	SQLMIG_TEST_EXAMPLES=9000 $(BIN)/python -m pytest tests/source/test_lexer.py -n auto $(ARGS)
	$(MAKE) matrix ARGS=

# The suites on each supported version of PostgreSQL, as this user and as an ordinary one.
matrix: $(VENV)/.installed
	$(BIN)/python -m tests.matrix $(ARGS)

lint: $(VENV)/.installed
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m sqlmig validate
	$(BIN)/python -m sqlmig changelog lint --worktree
	cd examples/aec_admin && $(abspath $(BIN))/python -m sqlmig validate
	cd examples/aec_admin && $(abspath $(BIN))/python -m sqlmig changelog lint --worktree
	$(BIN)/python docs/make_reference.py --check

reference: $(VENV)/.installed
	$(BIN)/python docs/make_reference.py

# Builds the wheel and the source archive, and uses them as a new user would.
dist: $(VENV)/.installed
	rm -rf dist
	$(BIN)/python -m build --quiet
	.ci/smoke $(BIN)/python dist/*.whl

format: $(VENV)/.installed
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

bench: $(VENV)/.installed
	$(BIN)/python -m benchmarks $(ARGS)

clean:
	rm -rf .venv* build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis

$(VENV)/.installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable ".[dev]"
	touch $@
