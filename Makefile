# `make run` harvests the samples, `make test` runs the checks and quick tests, `make accept` the slow tests.
# Needs Python 3.11 or newer, pip, make and git; everything else is installed into .venv from the lock files.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/pip install --quiet --disable-pip-version-check
LOCK = $(BIN)/uv pip compile --quiet --upgrade --universal --generate-hashes --no-annotate --no-header
HATCHLING = $(shell sed -n 's/.*hatchling==\([0-9.]*\).*/\1/p' pyproject.toml)

# The scripts of a virtual environment name its folder: in a copied or moved checkout they would end in "not found".
ifneq ($(wildcard .venv/bin/pip),)
ifeq ($(shell head -2 .venv/bin/pip | grep -F '$(CURDIR)/.venv/'),)
$(info .venv was made in another folder, and its scripts would not be found: it is made again)
$(shell rm -rf .venv)
endif
endif

.PHONY: run test accept operations sweep bench identity-report fault-report hostile-report damage-report \
	reader-report kill-report disk-report power-report fuzz notebook docs picture wheel dictionary lock clean

run: .venv/run
	$(BIN)/wcda harvest --from samples

test: .venv/dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/pytest -n auto -m "not accept and not operations and not sweep" --ignore tests/accept

# Tests that hold a promise in seconds run when nothing else does.
ALONE = tests/accept/test_interrupts.py

# Tests of web archives crawl with wget and replay with pywb; tests of pages open them in a browser; a C compiler builds
# the disk that fails.
accept: .venv/accept .venv/pywb/bin/wayback .venv/wheels
	(command -v wget && command -v chromium && command -v cc) || \
	  (apt-get update && apt-get install -y --no-install-recommends wget chromium gcc libc6-dev)
	$(BIN)/pytest -n auto --dist loadfile -m accept --ignore $(ALONE)
	$(BIN)/pytest $(ALONE)

# Tests of schedules, overlaps, kills and restarts on a Prefect server with PostgreSQL and a worker; for a machine without
# other load.
operations: .venv/accept
	(command -v chromium && ls /usr/lib/postgresql/*/bin/postgres) || \
	  (apt-get update && apt-get install -y --no-install-recommends chromium postgresql)
	$(BIN)/pytest -m operations

# Every hostile text that can enter from outside, at every place where it can; a fifth of it is in `make accept`.
sweep: .venv/dev
	$(BIN)/pytest -n auto -m sweep

# Figures, for a person to read; never a test.
bench: .venv/bench
	$(BIN)/python -m tests.benchmarks

# What the identity rules do with the labelled pairs of tests/identity.
identity-report: .venv/dev
	$(BIN)/python -m tests.identity.report

# What a harvest that meets each fault of a site does and publishes.
fault-report: .venv/dev
	$(BIN)/python -m tests.flows.faults

# What a harvest of a server that means harm takes, for each way of doing harm.
hostile-report: .venv/dev
	$(BIN)/python -m tests.flows.hostile

# What a harvest of each damaged or harmful archive reports, reads and skips.
damage-report: .venv/dev
	$(BIN)/python -m tests.archives.damages

# What readers see of a warehouse in which another process publishes a thousand times and keeps two snapshots.
reader-report: .venv/dev
	$(BIN)/python -m tests.warehouse.readers 1000

# What a thousand kills of all commands that write leave, and whether the same command completes it.
kill-report: .venv/dev
	$(BIN)/python -m tests.disturbances.kills 1000

# What a disk that fails, fills up or becomes read-only leaves, at each change to a file of all commands that write; five hours.
disk-report: .venv/dev
	$(BIN)/python -m tests.disturbances.disk_errors 1

# What a loss of power leaves at two hundred moments of all commands that write.
power-report: .venv/dev
	$(BIN)/python -m tests.disturbances.power 200

# The docs as a site in site/; a link that leads nowhere is an error. Its pages open from the folder, without network.
docs: .venv/docs
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --site-dir site

# The picture of the report in the README, again after the report has changed.
picture: .venv/accept
	$(BIN)/python -m tests.picture

# The file that pip, pipx and uvx install, in dist/.
wheel: .venv/run
	$(BIN)/python -m hatchling build --target wheel

# Mutations of pages, archives, indexes, catalogs, dates and URLs under a watchdog; SECONDS=60 for a minute.
fuzz: .venv/dev
	$(BIN)/python -m tests.archives.fuzz --seconds $(or $(SECONDS),3600)

# A notebook with three questions of a historian; WCDA_WAREHOUSE names another warehouse than the samples.
notebook: .venv/notebook
	$(BIN)/marimo run docs/questions.py

# The data dictionary, from the one statement of each column; the reference of settings and what `wcda --help` shows,
# from the commands and their options.
dictionary: .venv/run
	$(BIN)/python -m schemas.dictionary > docs/tables.md
	$(BIN)/python -m schemas.known > schema.json.part && mv schema.json.part wcda/schema.json
	$(BIN)/python -m flows.settings_reference > docs/settings.md
	$(BIN)/python -m flows.help_text > help.txt.part && mv help.txt.part flows/help.txt

# Resolve the newest releases that pyproject.toml allows, with the digest of each file.
lock: .venv/run
	$(PIP) --require-hashes -r requirements/lock.txt
	$(LOCK) pyproject.toml -o requirements/run.txt
	$(LOCK) --group dev -c requirements/run.txt pyproject.toml -o requirements/dev.txt
	$(LOCK) --extra dask -c requirements/run.txt pyproject.toml -o requirements/dask.txt
	$(LOCK) --extra notebook -c requirements/run.txt pyproject.toml -o requirements/notebook.txt
	$(LOCK) --group docs -c requirements/dev.txt -o requirements/docs.txt
	$(LOCK) --extra dask --extra notebook --group accept --group docs -c requirements/dev.txt pyproject.toml \
	  -o requirements/accept.txt
	$(LOCK) --group bench -c requirements/dev.txt pyproject.toml -o requirements/bench.txt
	$(LOCK) --group pywb -o requirements/pywb.txt
	printf 'hatchling==%s\neditables\n' $(HATCHLING) | $(LOCK) - -o requirements/build.txt
	echo uv | $(LOCK) - -o requirements/lock.txt

.venv/bench: .venv/dev requirements/bench.txt
	$(PIP) --no-deps --require-hashes -r requirements/bench.txt
	@touch $@

.venv/notebook: .venv/run requirements/notebook.txt
	$(PIP) --no-deps --require-hashes -r requirements/notebook.txt
	@touch $@

.venv/docs: .venv/run requirements/docs.txt
	$(PIP) --no-deps --require-hashes -r requirements/docs.txt
	@touch $@

.venv/accept: .venv/dev requirements/accept.txt
	$(PIP) --no-deps --require-hashes -r requirements/accept.txt
	@touch $@

# What a fresh environment is installed from, without network, by the tests of the wheel.
.venv/wheels: requirements/run.txt | .venv/dev
	rm -rf $@
	$(BIN)/pip wheel --quiet --disable-pip-version-check --no-deps --require-hashes -w $@ -r requirements/run.txt

.venv/pywb/bin/wayback: requirements/pywb.txt | .venv/dev
	$(PYTHON) -m venv .venv/pywb
	.venv/pywb/bin/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements/pywb.txt
	@touch $@

clean:
	rm -rf .venv

.venv/run: requirements/build.txt requirements/run.txt pyproject.toml
	@echo 'installing wcda and its libraries into .venv: one to three minutes the first time'
	$(PYTHON) -c 'import sys; sys.exit("wcda needs Python 3.11 or newer" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv .venv
	$(PIP) --no-deps --require-hashes -r requirements/build.txt -r requirements/run.txt
	$(PIP) --no-deps --no-build-isolation --editable .
	$(BIN)/python -m compileall -q extractors flows schemas warehouse wcda  # as pip does with all else; start-up is a third less
	@touch $@

.venv/dev: .venv/run requirements/dev.txt
	$(PIP) --no-deps --require-hashes -r requirements/dev.txt
	@touch $@
