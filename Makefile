# Every target sets up what it needs on a machine that has only Python 3.11 or later, and is quick when that is done.

PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11 python; do \
	command -v $$python >/dev/null 2>&1 && $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& echo $$python && break; done)

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
NOTEBOOKS := $(wildcard notebooks/*.ipynb)
PYTEST_ARGS ?= -q -n auto --dist loadfile
BENCH_ARGS ?= -q -s

.DEFAULT_GOAL := help
.PHONY: help demo test lab check bench format lock labextension screenshots

help:
	@echo 'make demo    run "We charged Ada twice" in this terminal'
	@echo 'make lab     open JupyterLab on the first notebook'
	@echo 'make test    tests and notebooks (PYTEST_ARGS="-x -k saga" to choose)'
	@echo 'make check   format, lint and types'
	@echo 'make bench   benchmarks, small (BENCH_ARGS="--large" for long runs)'
	@echo 'make format  mend format and what lint can mend'
	@echo 'make lock    resolve requirements-dev.lock anew'
	@echo 'make screenshots  make the pictures in docs/views anew (needs Chromium)'
	@echo 'make labextension  build the JupyterLab extension anew (needs Node 20 or later and npm)'

demo: $(STAMP)
	@$(BIN)/studio demo

test: $(STAMP)
	$(BIN)/python -m pytest $(PYTEST_ARGS) $(if $(NOTEBOOKS),--nbval-lax --nbval-kernel-name=studio) tests $(NOTEBOOKS)

lab: $(STAMP)
	$(BIN)/jupyter lab notebooks/01-first-service.ipynb

check: $(STAMP)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

bench: $(STAMP)
	$(BIN)/python -m pytest $(BENCH_ARGS) benchmarks

format: $(STAMP)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# One version of each part for all supported Pythons; no registry is named, so that any may serve it.
lock: $(STAMP)
	$(BIN)/uv pip compile pyproject.toml --quiet --upgrade --universal --python-version 3.11 --fork-strategy fewest \
		--generate-hashes --extra lab --extra serve --extra dev --no-header --no-annotate --output-file requirements-dev.lock
	@! grep -n '://' requirements-dev.lock

# From real runs, in a headless browser and a real JupyterLab; takes minutes, so CI does not.
screenshots: $(STAMP)
	$(BIN)/python -m docs.screenshots

# Its output is kept in the repository, so that only those who change its sources need Node. `npm run relock` in its
# folder resolves its lock anew, as of a day on which all parts were to be had everywhere.
labextension: $(STAMP)
	cd studio/lab/frontend && npm ci --ignore-scripts && PATH="$(CURDIR)/$(BIN):$$PATH" npm run build
	@$(MAKE) $(STAMP)

# The lock is hashed, uv's own entry too. uv is five times faster, but does not read pip's configuration: where pip is
# told of another registry and uv is not, pip does it all.
$(STAMP): requirements-dev.lock pyproject.toml $(wildcard kernels/studio/* studio/lab/labextension/* studio/lab/labextension/static/*)
	@test -n "$(PYTHON)" || { echo 'Studio needs Python 3.11 or later: install it, or say make PYTHON=/path/to/python'; exit 1; }
	@echo 'Installing what is locked into $(VENV) (once, about a minute) ...'
	@test -x $(BIN)/python || "$(PYTHON)" -m venv $(VENV)
	@sed -n '/^uv==/,/[^\\]$$/p' requirements-dev.lock > $(VENV)/uv.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r $(VENV)/uv.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements-dev.lock \
		|| $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@
