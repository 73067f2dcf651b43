SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

PYTHON ?= python3
PORT ?= 8000
SHOP_PORT ?= 3000
SECONDS ?= 300
DATABASE_TEST_URL ?= postgres://postgres@127.0.0.1:5432/postgres

BIN := .venv/bin
MANAGE := $(BIN)/python manage.py
# Stamp files of the installations. A changed requirements file is newer than its stamp.
STORE := .venv/.store-installed
TOOLS := .venv/.tools-installed
# The checks use a database in memory, whatever the environment or .env says.
SQLITE := DATABASE_URL=sqlite://:memory:

# Every target is for development, where no secret has to be set. Production starts the server itself.
export DEBUG := true
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Containers often set it. Each of the hundreds of processes of the checks would then compile the code again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help
help: ## Print this help
	@echo 'Usage: make TARGET'
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

##### The store

.PHONY: run
run: check-port $(STORE) ## Install, migrate, seed and serve the store (PORT=8000, RELOAD=1 on change, PYTHON=python3)
	@$(MANAGE) migrate --verbosity 0
	@$(MANAGE) seed --if-empty
	@printf '  %-9s http://127.0.0.1:$(PORT)%s\n' API /graphql/ GraphiQL /graphiql/ Admin /admin/ Health /healthz Payments /dev/stripe/ Mails /dev/mail/
	@echo 'Ctrl-C stops the store.$(if $(STORE_FRONTEND_URL),, Its shop for people: make storefront)'
	@# Each of the two gets its own process group (set -m), so that its children end with it.
	@set -m; \
	until $(MANAGE) db_worker $(if $(RELOAD),--reload); do sleep 1; done & worker=$$!; \
	$(MANAGE) runserver $(if $(RELOAD),,--noreload) 127.0.0.1:$(PORT) & server=$$!; \
	trap '{ kill -- -$$worker -$$server; wait; } 2>/dev/null || true' EXIT; \
	trap 'exit 0' HUP INT TERM; \
	wait $$server

# What is built has what it was built from, and what that was installed with, as its sources.
SHOP := storefront/dist/server/server.js
SHOP_TOOLS := storefront/node_modules/.package-lock.json

.PHONY: storefront
storefront: check-ports $(SHOP) ## Serve the store, and in front of it the shop for people on SHOP_PORT=3000
	@set -m; STORE_URL=http://127.0.0.1:$(PORT) PORT=$(SHOP_PORT) node storefront/server.mjs & shop=$$!; \
	trap 'kill -- -$$shop 2>/dev/null || true' EXIT; \
	trap 'exit 0' HUP INT TERM; \
	STORE_FRONTEND_URL=http://localhost:$(SHOP_PORT) $(MAKE) --no-print-directory run

$(SHOP): $(SHOP_TOOLS) schema.graphql $(shell find storefront/src storefront/public storefront/*.ts storefront/index.html -type f -not -path '*/gql/*')
	@echo 'Building the shop …'
	@# With DEBUG set, Tailwind prints what takes how long.
	@env -u DEBUG npm run --silent --prefix storefront build
	@touch $@

$(SHOP_TOOLS): storefront/package-lock.json
	@command -v npm >/dev/null || { echo 'The shop needs Node 20 or newer with npm.' >&2; exit 1; }
	@echo "Installing the shop's libraries into storefront/node_modules …"
	@npm ci --prefix storefront --silent --no-audit --no-fund
	@touch $@

# The port that the variable of this name has must be free.
FREE = $(BIN)/python -c 'import socket; socket.create_server(("127.0.0.1", $($(1))))' 2>/dev/null || { \
  echo 'Port $($(1)) is in use. Stop the program that uses it, or choose another port: $(1)='$$(( $($(1)) + 1 )) >&2; exit 1; }

.PHONY: check-port
check-port: | $(BIN)/python
	@$(call FREE,PORT)

.PHONY: check-ports
check-ports: check-port
	@$(call FREE,SHOP_PORT)

.PHONY: demo
demo: $(STORE) ## Buy something over HTTP, in a store of its own with a fresh database
	@$(MANAGE) demo

##### The checks

# Each of the first takes one core, so two of them run at a time. Tests take all cores.
.PHONY: check
check: ## Run all checks, as CI does
	@$(MAKE) --no-print-directory --jobs=2 lint secrets migrations-check schema-check messages-check operations-check
	@$(MAKE) --no-print-directory --jobs=1 coverage test-slow test-postgres test-clients

.PHONY: lint
lint: $(TOOLS) ## Check style, format, types and imports
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(SQLITE) $(BIN)/mypy
	$(BIN)/lint-imports

# Texts that look like secrets: cursors (base64 of a JSON list), the alphabet of slugs, and the password in example URLs.
# The plugin that looks for the word "password" is off, because tests have many passwords, which protect nothing.
NO_SECRET := ^(Wy[IJ].*|0123456789abc.*|password)$$

.PHONY: secrets
secrets: $(TOOLS) ## Check that the repository has no keys, tokens or passwords
	@git ls-files -z | xargs -0 $(BIN)/detect-secrets-hook --no-verify --disable-plugin KeywordDetector \
	  --exclude-files '^(requirements.*\.txt|schema\.graphql)$$' --exclude-secrets '$(NO_SECRET)'

.PHONY: format
format: $(TOOLS) ## Fix style and format automatically
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

PARALLEL := -n auto
# Slow tests mostly wait, for processes, servers and clocks. So there is one more worker than cores, and each takes one test
# at a time.
WAITING = -n $$(( $$($(BIN)/python -c 'import os; print(os.cpu_count())') + 1 )) --maxschedchunk 1

.PHONY: test
test: $(TOOLS) ## Run the tests on SQLite but for the slow ones (ARGS=tests/catalog for some of them)
	$(SQLITE) $(BIN)/pytest $(PARALLEL) -m 'not slow' $(ARGS)

# The slow tests run without it, because it doubles their time.
.PHONY: coverage
coverage: $(TOOLS) ## Run the tests of make test, and check the branch coverage
	$(SQLITE) $(BIN)/pytest $(PARALLEL) -m 'not slow' --cov $(ARGS)

.PHONY: test-slow
test-slow: $(TOOLS) ## Run the tests on SQLite that make test leaves out
	$(SQLITE) $(BIN)/pytest $(WAITING) -m slow $(ARGS)

.PHONY: test-postgres
test-postgres: $(TOOLS) ## Run all tests that use the database on the PostgreSQL server at DATABASE_TEST_URL, if it answers
	@if $(BIN)/python -c 'import psycopg; psycopg.connect("$(DATABASE_TEST_URL)", connect_timeout=3)' 2>/dev/null; then \
	  set -x; DATABASE_URL='$(DATABASE_TEST_URL)' $(BIN)/pytest $(PARALLEL) -m database $(ARGS); \
	else \
	  echo 'NOT TESTED ON POSTGRESQL: NO SERVER ANSWERS AT $(DATABASE_TEST_URL). SET DATABASE_TEST_URL.' >&2; \
	fi

.PHONY: soak
soak: $(TOOLS) ## Buy while the server is killed, and check the books (SECONDS=300; SEED= repeats a run)
	$(BIN)/python -m tests.faults.soak --seconds $(SECONDS) $(if $(SEED),--seed $(SEED))

.PHONY: cluster
cluster: $(TOOLS) ## Start the store on nine machines, which are network namespaces of this one (Linux, as root)
	@$(BIN)/python -m tests.cluster

.PHONY: storm
storm: $(TOOLS) ## Buy in such a cluster while one machine after the other fails, and check the books (SECONDS=300; SEED=)
	@$(BIN)/python -m tests.cluster --storm $(SECONDS) $(if $(SEED),--seed $(SEED))

.PHONY: measure
measure: $(TOOLS) ## Measure what a request costs each part of such a cluster, and what that means for orders a second
	@$(BIN)/python -m tests.cluster --measure

.PHONY: drill
drill: $(STORE) ## Back up the database, restore it elsewhere, and compare and audit the copy
	@$(MANAGE) drill

.PHONY: test-clients
test-clients: $(TOOLS) ## Run HTTP audits, Apollo Client and browsers against a store of their own, if Node and Chromium are there
	@# In a container, install Chromium. On your own machine, only report what is missing.
	@if [ "$$(id -u)" = 0 ] && ! command -v chromium google-chrome >/dev/null && command -v apt-get >/dev/null; then \
	  { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install --yes chromium; } >/dev/null || true; \
	fi
	@if command -v npm >/dev/null; then \
	  $(BIN)/python -m tests.clients; \
	else \
	  echo 'NOT TESTED WITH CLIENTS: NPM IS MISSING. INSTALL NODE 20 OR NEWER.' >&2; test -z "$${CI:-}"; \
	fi

.PHONY: bench
bench: $(TOOLS) ## Measure requests, beside hand-written views and plain Strawberry-Django (ARGS=--quick; --soak; --chart)
	@$(SQLITE) $(BIN)/python -m tests.benchmarks.load $(ARGS)
	@if $(BIN)/python -c 'import psycopg; psycopg.connect("$(DATABASE_TEST_URL)", connect_timeout=3)' 2>/dev/null; then \
	  DATABASE_URL='$(DATABASE_TEST_URL)' $(BIN)/python -m tests.benchmarks.load $(ARGS); \
	else \
	  echo 'NOT MEASURED ON POSTGRESQL: NO SERVER ANSWERS AT $(DATABASE_TEST_URL). SET DATABASE_TEST_URL.' >&2; \
	fi

.PHONY: bench-growth
bench-growth: $(TOOLS) ## Measure reads with few and with many products, on DATABASE_URL's server (ARGS='--large 200000')
	LOG_LEVEL=ERROR $(BIN)/python -m tests.benchmarks.growth $(ARGS)

.PHONY: bench-large
bench-large: $(TOOLS) ## Measure lists, facets and sales with 1,000,000 products of three variants (ARGS='--products 100000')
	LOG_LEVEL=ERROR $(BIN)/python -m tests.benchmarks.large $(ARGS)

.PHONY: bench-search
bench-search: $(TOOLS) ## Measure the quality of search, beside simpler searches, on SQLite
	@$(SQLITE) $(BIN)/python -m tests.benchmarks.relevance

.PHONY: migrations-check
migrations-check: $(TOOLS) ## Check that the migrations match the models
	$(SQLITE) $(MANAGE) makemigrations --check --dry-run

.PHONY: schema
schema: $(STORE) ## Export the schema to schema.graphql
	@# Write to another file and then move it, so that an import error does not leave schema.graphql empty.
	$(SQLITE) $(MANAGE) export_schema backend.schema > .venv/schema.graphql
	@mv .venv/schema.graphql schema.graphql

.PHONY: schema-check
schema-check: $(TOOLS) ## Check that schema.graphql matches the code
	@$(SQLITE) $(MANAGE) export_schema backend.schema | diff --unified schema.graphql - || { \
	  echo 'schema.graphql does not match the code. Run make schema.' >&2; exit 1; }

.PHONY: messages
messages: $(STORE) ## Collect the messages to shoppers into all catalogues, and compile these (ADD=fr begins one)
	@$(SQLITE) $(MANAGE) messages $(if $(ADD),--add $(ADD))

.PHONY: messages-check
messages-check: $(TOOLS) ## Check that the catalogues match the messages in the code
	@$(SQLITE) $(MANAGE) messages --check

.PHONY: operations
operations: $(TOOLS) ## Write docs/operations.md, with an example and its answer for each operation
	@$(SQLITE) $(BIN)/python -m tests.operations

.PHONY: operations-check
operations-check: $(TOOLS) ## Check that docs/operations.md matches the schema and the store's answers
	@$(SQLITE) $(BIN)/python -m tests.operations --check

##### The environment

# Keep the extras in the last file: an older pip asks for the hash of `coverage[toml]`, not of `coverage`.
.PHONY: requirements
requirements: $(TOOLS) ## Pin the dependencies of pyproject.toml with hashes (ARGS=--upgrade for newer versions)
	CUSTOM_COMPILE_COMMAND='make requirements' \
	  $(BIN)/pip-compile $(ARGS) --generate-hashes --output-file requirements.txt pyproject.toml
	CUSTOM_COMPILE_COMMAND='make requirements' \
	  $(BIN)/pip-compile $(ARGS) --generate-hashes --extra telemetry --constraint requirements.txt --output-file requirements-telemetry.txt pyproject.toml
	CUSTOM_COMPILE_COMMAND='make requirements' \
	  $(BIN)/pip-compile $(ARGS) --generate-hashes --extra semantic --constraint requirements.txt --output-file requirements-semantic.txt pyproject.toml
	CUSTOM_COMPILE_COMMAND='make requirements' \
	  $(BIN)/pip-compile $(ARGS) --generate-hashes --no-strip-extras --extra dev --extra semantic --constraint requirements.txt --output-file requirements-dev.txt pyproject.toml

.PHONY: advisories
advisories: $(TOOLS) ## List known vulnerabilities of the pinned dependencies (uses the network)
	$(BIN)/pip-audit --disable-pip --no-deps --requirement requirements-semantic.txt

.PHONY: clean
clean: ## Remove .venv and the tools' files; keep the database and the media
	rm -rf .venv .coverage* .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache static
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo 'The store needs Python 3.11 or newer, but $(PYTHON) is older or missing. Name one: make PYTHON=python3.12 …' >&2; exit 1; }
	@echo 'Making .venv …'
	@$(PYTHON) -m venv .venv

# Print the name of each library, because the first installation takes a minute.
INSTALL = $(BIN)/pip install --progress-bar off --requirement $< | awk '/^(Collecting|Installing|Successfully)/ {print "  " substr($$0, 1, 100); fflush()}'

$(STORE): requirements.txt | $(BIN)/python
	@echo "Installing the store's libraries into .venv …"
	@$(INSTALL)
	@touch $@

$(TOOLS): requirements-dev.txt $(STORE)
	@echo "Installing the development tools into .venv …"
	@$(INSTALL)
	@touch $@
