# `make` alone lists the verbs. PORT, VAR_DIR and DATABASE_URL are honoured: make demo PORT=9000 VAR_DIR=/srv/other
# Needs Python 3.11 or later and make. Everything is installed from hash-locked files into .venv.

PYTHON ?= python3
PY := .venv/bin/python
# Python compiles what is used when it is used first: of some 200 packages a small part.
PIP_INSTALL := -m pip install -qq --disable-pip-version-check --no-deps --require-hashes --no-compile

.DEFAULT_GOAL := help
.PHONY: help setup demo serve test check proof lint format openapi messages browser screenshots bench real contracts services lock sbom oracles
MAKEFLAGS += --no-print-directory

help: ## Show this list
	@echo "Touchstone: human feedback for LLM applications. Verbs:"
	@sed -n 's/^\([a-z]*\):.*## /  make \1|/p' Makefile | awk -F'|' '{ printf "%-18s %s\n", $$1, $$2 }'

setup: .venv/.run ## Install what the product needs into .venv (again only when a lock file changed)

demo: setup ## Start a demo instance with sign-in links, at http://127.0.0.1:8000 or PORT
	@echo "Preparing the database ..."
	@$(PY) manage.py migrate --verbosity 0
	@$(PY) manage.py demo
	@$(PY) manage.py serve

serve: setup ## Run web, worker and beat on this instance's data until Ctrl-C
	@$(PY) manage.py migrate --verbosity 0
	@$(PY) manage.py serve

test: .venv/.dev ## Run the tests that need no server and no browser; ARGS="tests/feedback -k word" for some
	@$(PY) .ci/check.py test $(ARGS)

check: .venv/.dev ## Run everything: linters, types, both databases, Redis and workers, the browser
	@$(PY) .ci/check.py all

proof: .venv/.dev services ## Run the long tests of load and faults, then the benchmarks: what `make check` has no time for
	@$(PY) .ci/check.py proof $(ARGS)
	@$(MAKE) bench

lint: .venv/.dev ## Run the linters, types, import floors and settings checks
	@$(PY) .ci/check.py lint

format: .venv/.dev ## Format the Python files and apply safe lint fixes
	@.venv/bin/ruff check --fix --quiet . ; .venv/bin/ruff format .

openapi: .venv/.dev ## Write docs/reference/openapi.yaml anew after a change of the API; its diff is what a review looks at
	@$(PY) manage.py spectacular --file docs/reference/openapi.yaml --validate --fail-on-warn

messages: .venv/.dev ## Collect what the pages say into locale/, bring each language up to it and compile it
	@$(PY) .ci/messages.py

browser: .venv/.dev services ## Run the browser tests in Chromium; ARGS=... goes to pytest
	@$(PY) .ci/check.py browser $(ARGS)

screenshots: .venv/.dev services ## Take the pictures of README and docs from a demo instance; ARGS=names for some
	@$(PY) .ci/screenshots.py $(ARGS)

bench: .venv/.dev services ## Run the benchmarks (or BENCH="turn pages"), into bench/RESULTS.md; BENCH_SMALL=1 only tries them
	@for file in $(or $(BENCH:%=bench/%.py),$(filter-out bench/table.py bench/world.py bench/plans.py,$(wildcard bench/*.py))); do \
	    echo "== $$file"; $(PY) .ci/servers.py run $(PY) "$$file" || exit 1; done
	@$(PY) bench/table.py

real: setup ## Run real human labels from end to end over REST: WHAT=llmfao, mqm or raters, DATA_DIR=where they lie
	@$(PY) bench/real/$(or $(WHAT),llmfao).py

contracts: .venv/.dev .venv-contracts/.done .venv-contracts/node/.done ## Feed our files to their real consumers (datasets, TRL, promptfoo); large downloads
	@HF_HUB_OFFLINE=1 CONTRACTS_PYTHON="$(CURDIR)/.venv-contracts/bin/python" $(PY) -m pytest -m contracts $(or $(ARGS),tests/contracts)

sbom: .venv/.dev ## Write what a release contains (CycloneDX JSON) to var/sbom.cdx.json
	@$(PY) .ci/sbom.py

oracles: .venv/.dev ## Compute anew what other statistics libraries say of our test data, each in an environment of its own
	@$(PY) .ci/oracles.py

services: ## Install PostgreSQL, Redis and Chromium with apt-get when they are missing
	@$(PYTHON) .ci/servers.py install

lock: .venv-lock/.done ## Compile the lock files from pyproject.toml; ARGS=--upgrade for newer versions
	@echo "Compiling the lock files ..."
	@.venv-lock/bin/python .ci/lock.py $(ARGS)

# Virtual environments, each with a stamp that is older than its lock file only when it must be filled again.

define new_venv
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	    { echo "Touchstone needs Python 3.11 or later; say which with: make PYTHON=python3.12"; exit 1; }
	@test -x $(1)/bin/python || { echo "Making $(1) ..."; $(PYTHON) -m venv $(1); }
endef

.venv/.run: requirements.lock
	$(call new_venv,.venv)
	@echo "Installing the packages of requirements.lock into .venv ..."
	@$(PY) $(PIP_INSTALL) -r requirements.lock
	@touch $@

.venv/.dev: requirements-dev.lock
	$(call new_venv,.venv)
	@echo "Installing the packages of requirements-dev.lock into .venv ..."
	@$(PY) $(PIP_INSTALL) -r requirements-dev.lock
	@touch .venv/.run $@

.venv-contracts/.done: requirements-contracts.lock requirements-contracts-cpu.lock requirements-contracts-gpu.lock
	$(call new_venv,.venv-contracts)
	@echo "Installing the consumers of requirements-contracts.lock into .venv-contracts (1 to 6 GB, minutes) ..."
	@.venv-contracts/bin/python $(PIP_INSTALL) -r requirements-contracts.lock
	@.venv-contracts/bin/python $(PIP_INSTALL) -r requirements-contracts-cpu.lock 2>/dev/null || { \
	    echo "The CPU build of torch is not to be had here: installing the index's own build with its GPU libraries ..."; \
	    .venv-contracts/bin/python $(PIP_INSTALL) -r requirements-contracts-gpu.lock; }
	@.venv-contracts/bin/python -c 'import datasets, torch, trl'
	@touch $@

NODE := tests/contracts/node

.venv-contracts/node/.done: $(NODE)/package.json $(NODE)/package-lock.json | .venv-contracts/.done
	@node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(+(a < 20 || a == 20 && b < 20))' || \
	    { echo "promptfoo needs Node 20.20 or 22.22 and later, with npm."; exit 1; }
	@echo "Installing the consumer of $(NODE)/package-lock.json (2 GB, minutes) ..."
	@mkdir -p $(@D) && cp $^ $(@D)
	@cd $(@D) && npm install --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

.venv-lock/.done: requirements-uv.lock
	$(call new_venv,.venv-lock)
	@.venv-lock/bin/python $(PIP_INSTALL) -r requirements-uv.lock
	@touch $@
