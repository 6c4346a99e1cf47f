# The front door: `make run` does the main job, `make test` proves it, `make accept` runs the heavy proofs.
# Needs Python 3.11 or newer, pip, make and git; everything else is installed into .venv from the lock files.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: run test accept bench identity-report lock clean

run: .venv/run
	$(BIN)/wcda harvest --from samples

test: .venv/dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/pytest -n auto -m "not accept"

accept: .venv/dev
	$(BIN)/pytest -m accept

# Figures, for a person to read; never a test.
bench: .venv/dev
	$(BIN)/python -m tests.benchmarks

# What the identity rules do with the labelled pairs of tests/identity.
identity-report: .venv/dev
	$(BIN)/python -m tests.identity.report

# Resolve the newest releases that pyproject.toml allows.
lock: .venv/uv
	$(BIN)/uv pip compile -q --upgrade --universal --generate-hashes --no-annotate --no-header pyproject.toml -o requirements/run.txt
	$(BIN)/uv pip compile -q --upgrade --universal --generate-hashes --no-annotate --no-header --group dev -c requirements/run.txt pyproject.toml -o requirements/dev.txt

clean:
	rm -rf .venv

.venv/uv: requirements/uv.txt
	$(PYTHON) -c 'import sys; sys.exit("wcda needs Python 3.11 or newer" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
	@touch $@

.venv/run: .venv/uv requirements/run.txt pyproject.toml
	$(BIN)/uv pip install --quiet --compile-bytecode --require-hashes --python $(BIN)/python -r requirements/run.txt
	$(BIN)/uv pip install --quiet --no-deps --python $(BIN)/python --editable .
	@touch $@

.venv/dev: .venv/run requirements/dev.txt
	$(BIN)/uv pip install --quiet --compile-bytecode --require-hashes --python $(BIN)/python -r requirements/dev.txt
	@touch $@
