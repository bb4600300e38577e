# What a newcomer, a developer and CI type. Needs python3 (3.11 to 3.13) with pip, and make.

VENV ?= .venv
BIN := $(VENV)/bin
ROUNDS ?= 100

.PHONY: help run test test-matrix lint format docs bench chaos lock clean

help: ## List the targets
	@sed -nE 's/^([a-z-]+):[^#]*## (.*)/  make \1\t\2/p' Makefile | expand -t 22

run: $(BIN)/.installed ## Serve http://127.0.0.1:8000/graphql on an SQLite file, with a worker (PORT= changes it)
	@ENV=$${ENV:-dev} exec $(BIN)/workflow-events serve --migrate --load-example --worker

test: $(BIN)/.installed-dev ## Run the suite on SQLite and, where one answers, on PostgreSQL
	@$(BIN)/python -m tests $(TESTS)

test-matrix: ## Run the suite on the oldest and on the newest Python of this machine
	@.ci/matrix

lint: $(BIN)/.installed-dev ## Check style, types, who imports whom, and the docs
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	ENV=dev EVENT_RECEIVER_MODULES= $(BIN)/mypy
	$(BIN)/lint-imports
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

format: $(BIN)/.installed-dev ## Format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(BIN)/.installed-dev ## Generate the reference pages and build the site into site/
	ENV=dev EVENT_RECEIVER_MODULES= DJANGO_SETTINGS_MODULE=workflow_events.settings $(BIN)/python -m docs.generate
	ENV=dev EVENT_RECEIVER_MODULES= $(BIN)/workflow-events schema > schema.graphql
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

bench: $(BIN)/.installed-dev ## Print what emissions and completions cost, beside others (BENCH=http: that only)
	@$(BIN)/python -m benchmarks $(BENCH)

chaos: $(BIN)/.installed-dev ## Race clients, kill processes, restart databases; see that all is well (ROUNDS=100)
	@$(BIN)/python -m tests.chaos --rounds $(ROUNDS)

lock: ## Resolve uv.lock and export the hashed requirements from it (needs uv)
	uv lock
	uv export --frozen --all-extras --no-emit-project --no-annotate --no-header --quiet --no-dev -o requirements.lock
	uv export --frozen --all-extras --no-emit-project --no-annotate --no-header --quiet --group dev -o requirements-dev.lock

clean: ## Remove the environment, the site and all caches; the database file stays
	rm -rf $(VENV) .venv-* site build dist *.egg-info .*_cache

$(BIN)/.installed: requirements.lock pyproject.toml .ci/install
	@.ci/install $(VENV) requirements.lock "$(PYTHON)"
	@touch $@

$(BIN)/.installed-dev: requirements-dev.lock pyproject.toml .ci/install
	@.ci/install $(VENV) requirements-dev.lock "$(PYTHON)"
	@touch $(BIN)/.installed $@
