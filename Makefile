SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

PYTHON ?= python3
PORT ?= 8000
SECONDS ?= 300
DATABASE_TEST_URL ?= postgres://postgres@127.0.0.1:5432/postgres

BIN := .venv/bin
MANAGE := $(BIN)/python manage.py
# Stamps: made when the requirements were installed, and older than them when these have changed.
STORE := .venv/.store-installed
TOOLS := .venv/.tools-installed
# The checks touch nobody's database, whatever the environment or .env says.
SQLITE := DATABASE_URL=sqlite://:memory:

# All that happens here is development, where no secret has to be set. Production starts the server itself.
export DEBUG := true
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help
help: ## Print this help
	@echo 'Usage: make TARGET'
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

##### The store

.PHONY: run
run: check-port $(STORE) ## Install, migrate, seed and serve the store (PORT=8000, RELOAD=1 on change, PYTHON=python3)
	@$(MANAGE) migrate --verbosity 0
	@$(MANAGE) seed --if-empty
	@printf '  %-9s http://127.0.0.1:$(PORT)%s\n' API /graphql/ GraphiQL /graphiql/ Admin /admin/ Health /healthz Payments /dev/stripe/
	@echo 'Ctrl-C stops the store.'
	@# Each of the two gets a process group of its own (set -m), so that its children end with it.
	@set -m; \
	minutes=0; while sleep 60; do \
	  $(MANAGE) expire_orders || true; \
	  (( ++minutes % 60 )) || $(MANAGE) housekeeping || true; \
	done & expiry=$$!; \
	$(MANAGE) runserver $(if $(RELOAD),,--noreload) 127.0.0.1:$(PORT) & server=$$!; \
	trap '{ kill -- -$$expiry -$$server; wait; } 2>/dev/null || true' EXIT; \
	trap 'exit 0' HUP INT TERM; \
	wait $$server

.PHONY: check-port
check-port: | $(BIN)/python
	@$(BIN)/python -c 'import socket; socket.create_server(("127.0.0.1", $(PORT)))' 2>/dev/null || { \
	  echo 'Port $(PORT) is taken. Stop what listens there, or choose another: make run PORT=8001' >&2; exit 1; }

.PHONY: demo
demo: $(STORE) ## Buy something over HTTP, in a store of its own with a fresh database
	@$(MANAGE) demo

##### The checks

.PHONY: check
check: lint secrets migrations-check schema-check operations-check coverage test-postgres test-clients ## All of the checks, as CI runs them

.PHONY: lint
lint: $(TOOLS) ## Style, format, types, and who imports whom
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(SQLITE) $(BIN)/mypy
	$(BIN)/lint-imports

# Cursors (base64 of a JSON list), the alphabet of slugs, and the password in the examples of addresses. Passwords of
# tests are many, and none of them opens anything, so no plugin looks for the word.
NO_SECRET := ^(Wy[IJ].*|0123456789abc.*|password)$$

.PHONY: secrets
secrets: $(TOOLS) ## No key, token or password has come into the repository
	@git ls-files -z | xargs -0 $(BIN)/detect-secrets-hook --no-verify --disable-plugin KeywordDetector \
	  --exclude-files '^(requirements.*\.txt|schema\.graphql)$$' --exclude-secrets '$(NO_SECRET)'

.PHONY: format
format: $(TOOLS) ## Mend style and format where a tool can
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

# A worker that has none left takes tests from another, whose long ones would else be waited for.
PARALLEL := -n auto --dist worksteal

.PHONY: test
test: $(TOOLS) ## The tests, on SQLite (ARGS=tests/catalog: some of them)
	$(SQLITE) $(BIN)/pytest $(PARALLEL) $(ARGS)

.PHONY: coverage
coverage: $(TOOLS) ## The tests, on SQLite, with branch coverage and its floor
	$(SQLITE) $(BIN)/pytest $(PARALLEL) --cov $(ARGS)

.PHONY: test-postgres
test-postgres: $(TOOLS) ## The tests, on the PostgreSQL server at DATABASE_TEST_URL, where one answers
	@if $(BIN)/python -c 'import psycopg; psycopg.connect("$(DATABASE_TEST_URL)", connect_timeout=3)' 2>/dev/null; then \
	  set -x; DATABASE_URL='$(DATABASE_TEST_URL)' $(BIN)/pytest $(PARALLEL) $(ARGS); \
	else \
	  echo 'NOT TESTED ON POSTGRESQL: NO SERVER ANSWERS AT $(DATABASE_TEST_URL). SET DATABASE_TEST_URL.' >&2; \
	fi

.PHONY: soak
soak: $(TOOLS) ## Buy while the server is killed, and prove the books (SECONDS=300, SEED= of a run to repeat)
	$(BIN)/python -m tests.faults.soak --seconds $(SECONDS) $(if $(SEED),--seed $(SEED))

.PHONY: test-clients
test-clients: $(TOOLS) ## HTTP audits, Apollo Client and browsers against a store of their own, where there are Node and Chromium
	@# A container is ours to complete. On a machine of your own, what is missing is said.
	@if [ "$$(id -u)" = 0 ] && ! command -v chromium google-chrome >/dev/null && command -v apt-get >/dev/null; then \
	  { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install --yes chromium; } >/dev/null || true; \
	fi
	@if command -v npm >/dev/null; then \
	  $(BIN)/python -m tests.clients; \
	else \
	  echo 'NOT TESTED WITH CLIENTS: THERE IS NO NPM. INSTALL NODE 20 OR NEWER.' >&2; test -z "$${CI:-}"; \
	fi

.PHONY: bench
bench: $(TOOLS) ## What requests cost, beside hand-written views and plain Strawberry-Django (ARGS=--quick; --soak; --chart)
	@$(SQLITE) $(BIN)/python -m tests.benchmarks.load $(ARGS)
	@if $(BIN)/python -c 'import psycopg; psycopg.connect("$(DATABASE_TEST_URL)", connect_timeout=3)' 2>/dev/null; then \
	  DATABASE_URL='$(DATABASE_TEST_URL)' $(BIN)/python -m tests.benchmarks.load $(ARGS); \
	else \
	  echo 'NOT MEASURED ON POSTGRESQL: NO SERVER ANSWERS AT $(DATABASE_TEST_URL). SET DATABASE_TEST_URL.' >&2; \
	fi

.PHONY: bench-growth
bench-growth: $(TOOLS) ## What reads cost with few products and with many, at DATABASE_URL's server (ARGS='--large 200000')
	LOG_LEVEL=ERROR $(BIN)/python -m tests.benchmarks.growth $(ARGS)

.PHONY: bench-search
bench-search: $(TOOLS) ## How good search is, beside plain ways to search, on SQLite
	@$(SQLITE) $(BIN)/python -m tests.benchmarks.relevance

.PHONY: migrations-check
migrations-check: $(TOOLS) ## The migrations are what the models need
	$(SQLITE) $(MANAGE) makemigrations --check --dry-run

.PHONY: schema
schema: $(STORE) ## Write schema.graphql, the export of the running code
	@# Written aside and then moved: a fault of the code leaves the last schema in its place.
	$(SQLITE) $(MANAGE) export_schema backend.schema > .venv/schema.graphql
	@mv .venv/schema.graphql schema.graphql

.PHONY: schema-check
schema-check: $(TOOLS) ## schema.graphql is the export of the running code
	@$(SQLITE) $(MANAGE) export_schema backend.schema | diff --unified schema.graphql - || { \
	  echo 'schema.graphql is not what the code exports: make schema' >&2; exit 1; }

.PHONY: operations
operations: $(TOOLS) ## Write docs/operations.md: each operation with an example and its answer
	@$(SQLITE) $(BIN)/python -m tests.operations

.PHONY: operations-check
operations-check: $(TOOLS) ## docs/operations.md is what the schema says and the store answers
	@$(SQLITE) $(BIN)/python -m tests.operations --check

##### The environment

.PHONY: requirements
requirements: $(TOOLS) ## Pin what pyproject.toml asks for, with hashes (ARGS=--upgrade: anew)
	CUSTOM_COMPILE_COMMAND='make requirements' \
	  $(BIN)/pip-compile $(ARGS) --generate-hashes --output-file requirements.txt pyproject.toml
	CUSTOM_COMPILE_COMMAND='make requirements' \
	  $(BIN)/pip-compile $(ARGS) --generate-hashes --extra dev --constraint requirements.txt --output-file requirements-dev.txt pyproject.toml

.PHONY: advisories
advisories: $(TOOLS) ## Known vulnerabilities of what is pinned (asks the network)
	$(BIN)/pip-audit --disable-pip --no-deps --requirement requirements.txt

.PHONY: clean
clean: ## Remove .venv and what the tools wrote; the database and the media stay
	rm -rf .venv .coverage* .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache static
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo 'The store needs Python 3.11 or newer, which $(PYTHON) is not. Name one: make PYTHON=python3.12 …' >&2; exit 1; }
	@echo 'Making .venv …'
	@$(PYTHON) -m venv .venv

# Each library is named as it comes: the first time they take a minute.
INSTALL = $(BIN)/pip install --progress-bar off --requirement $< | awk '/^(Collecting|Installing|Successfully)/ {print "  " substr($$0, 1, 100); fflush()}'

$(STORE): requirements.txt | $(BIN)/python
	@echo "Installing the store's libraries into .venv …"
	@$(INSTALL)
	@touch $@

$(TOOLS): requirements-dev.txt $(STORE)
	@echo "Installing the tools of development into .venv …"
	@$(INSTALL)
	@touch $@
