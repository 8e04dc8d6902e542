# Everything below needs only python3 (3.11 or later, with venv) and make; the rest goes into .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
SETUP_LOG := .setup.log
# What set-up prints goes to standard error, so that `echo "May I …?" | make try` prints answers alone.
# A warning about an index that lacks a package is not news to the person who waits.
INSTALL = { $(PIP) install --require-hashes -r $(1) && $(PIP) install --require-hashes -r requirements-build.txt \
	&& $(PIP) install --no-deps --no-build-isolation -e . ; } >$(SETUP_LOG) 2>&1 \
	|| { tail -n 5 $(SETUP_LOG) >&2; echo "make: installing failed; the whole log is in $(SETUP_LOG)" >&2; exit 1; }

.DEFAULT_GOAL := help
.PHONY: help try test check e2e bench fit picture chaos clean

help: ## list what there is
	@grep -hE '^[a-z0-9]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | awk -F '\t' '{printf "make %-7s %s\n", $$1, $$2}'

try: $(VENV)/.run ## open MayI in the terminal, in a practice home (.try/) that sends nothing to anyone
	@$(BIN)/mayi --home .try try $(if $(SCHOOL),--school $(SCHOOL))

test: $(VENV)/.dev ## run the tests
	@$(BIN)/python -m pytest

check: $(VENV)/.dev ## lint, types, import contracts, docs against code; no tests
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/python -m tests.bench.docs

e2e: $(VENV)/.dev tests/e2e/node_modules/.done ## the real chat clients in a real browser (needs Chromium and npm)
	@$(BIN)/python -m pytest tests/e2e -o addopts="-q --strict-markers -p no:cacheprovider"

bench: $(VENV)/.dev ## print the measured tables
	@$(BIN)/python -m tests.bench

chaos: $(VENV)/.dev ## kill it at random and break what it stands on (some minutes)
	@$(BIN)/python -m tests.chaos

fit: $(VENV)/.dev ## fit the topics, the encoder and the weights anew (over an hour; needs the extra "fit")
	@$(BIN)/python -m tests.bench.fit_topics
	@$(BIN)/python -m tests.bench.fit_near
	@$(BIN)/python -m tests.bench.fit_encoder
	@$(BIN)/python -m tests.bench.fit_weights

picture: $(VENV)/.dev ## draw the conversation in the README anew
	@$(BIN)/python -m tests.bench.picture

tests/e2e/node_modules/.done: tests/e2e/package.json
	@command -v npm >/dev/null || { echo "make: npm is not installed; it brings the chat clients" >&2; exit 1; }
	@echo "Setting up: the chat clients …" >&2
	@cd tests/e2e && npm install --no-audit --no-fund --no-package-lock --loglevel=error >&2
	@touch $@

clean: ## remove what set-up and practice made
	@rm -rf $(VENV) .try $(SETUP_LOG) tests/e2e/node_modules tests/e2e/screenshots

$(VENV)/bin/python:
	@command -v $(PYTHON) >/dev/null || { echo "make: $(PYTHON) is not installed; MayI needs Python 3.11 or later" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "make: MayI needs Python 3.11 or later; name it with: make PYTHON=python3.12 …" >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null \
		|| { echo "make: this Python has no venv; on Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }
	@echo "Setting up (once): a Python environment in $(VENV) …" >&2
	@$(PYTHON) -m venv $(VENV) >&2

$(VENV)/.run: requirements.txt requirements-build.txt pyproject.toml | $(VENV)/bin/python
	@echo "Setting up: the libraries MayI runs on (about a minute) …" >&2
	@$(call INSTALL,requirements.txt)
	@touch $@

$(VENV)/.dev: requirements-dev.txt requirements-build.txt pyproject.toml | $(VENV)/bin/python
	@echo "Setting up: the libraries and the test tools (a minute or two) …" >&2
	@$(call INSTALL,requirements-dev.txt)
	@touch $@ $(VENV)/.run
