# `make` alone lists what can be done.
.DEFAULT_GOAL := help
PY := .venv/bin/python
PARALLEL := -n auto --dist loadfile --no-loadscope-reorder
ALONE := --last-failed --last-failed-no-failures none

.PHONY: help run test assets lint bench acceptance campaign lock clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: assets ## Start the portal with demonstration data on http://127.0.0.1:8000 (PORT, INSTANCE, DEMO)
	@scripts/run.sh

test: test-deps .venv/.dev assets ## Run every test, and lint beside them; what one run of CI does
	@$(MAKE) --no-print-directory -j2 lint tests

.PHONY: tests
tests:
	@$(PY) -m pytest $(PARALLEL) || { echo 'What failed above runs once more, with nothing beside it:'; $(PY) -m pytest $(ALONE); }

assets: .venv/.run ## Build static/dist from static/src
	@$(PY) scripts/assets.py

lint: .venv/.dev ## Check the Python code's style and types
	@$(PY) -m ruff check .
	@$(PY) -m mypy

bench: .venv/.dev assets ## Measure what bench/ measures
	@$(PY) -m bench

acceptance: .venv/.run ## List the rows of docs/acceptance.csv that no test covers
	@$(PY) scripts/acceptance.py

campaign: test-deps .venv/.dev assets ## Run the long tests too, and turn the engine's comparisons round
	@CAMPAIGN=1 $(PY) -m pytest $(PARALLEL) -m ""
	@$(PY) scripts/turn_round.py

lock: .venv/.dev ## Write requirements.lock from requirements.txt (needs uv)
	@uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate \
	  --custom-compile-command "make lock" requirements.txt -o requirements.lock

clean: ## Remove everything that was built; instance/ stays
	rm -rf .venv node_modules static/dist .pytest_cache .ruff_cache .mypy_cache .hypothesis
	find . -name __pycache__ -prune -exec rm -rf {} +

# The virtual environment: .run is what the portal needs, .dev is what tests need on top of it.
.venv/.run: requirements.lock
	@scripts/venv.sh --require-hashes -r requirements.lock
	@touch $@

.venv/.dev: requirements-dev.txt scripts/requirements-rules.txt requirements.txt .venv/.run
	@scripts/venv.sh -r requirements-dev.txt
	@scripts/venv.sh --no-deps -r scripts/requirements-rules.txt
	@touch $@

.PHONY: test-deps
test-deps:
	@scripts/test-deps.sh
