# Two commands are enough: `make run` (a pipeline from TFRecords to a pushed model) and `make test`.
#   PYTHON=python3.12   the interpreter that makes the environment
#   VENV=folder         where the environment is
#   ARGS="taxi --set training.epochs=2"   what local_runner.py, pytest, the benchmark or the lock is given

PYTHON ?= python3
VENV ?= .venv
ARGS ?=
BIN := $(VENV)/bin
export VENV

.DEFAULT_GOAL := help
.PHONY: help install data run test slow faults lint format bench lock official image test-container clean

help: ## What there is
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 16

install: ## Make .venv from the lock that fits this machine; does nothing twice
	@$(PYTHON) requirements/install.py

data: install ## Install what the example tasks read: Debian and Python packages
	@$(BIN)/python requirements/example_data.py

run: install ## Run a pipeline: python local_runner.py $(ARGS)
	@$(BIN)/python local_runner.py $(ARGS)

test: install ## The fast tests
	$(BIN)/python -m pytest -n 2 --dist loadfile -m "not slow and not container" $(ARGS)

slow: install ## Whole pipelines, several replicas, installations
	$(BIN)/python -m pytest -n 2 --dist loadfile -m "slow and not container" $(ARGS)

faults: install ## 200 kills and every other fault, some 20 minutes; prints what was tried, survived and lost
	FAULT_KILLS=200 FAULT_TAXI_KILLS=6 $(BIN)/python -m pytest tests/faults $(ARGS)

lint: install ## Style, types, import layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

format: install ## Let ruff rewrite what it can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: install ## Ours against TFX's own example and a plain Keras script; then what training, input and metadata cost
	$(BIN)/python -m benchmarks.local_run $(ARGS)
	$(BIN)/python -m benchmarks.training $(ARGS)
	$(BIN)/python -m benchmarks.input $(ARGS)
	$(BIN)/python -m benchmarks.metadata $(ARGS)

lock: ## Resolve requirements/requirements.in again into both locks
	$(PYTHON) requirements/lock.py $(ARGS)

official: ## The official lock in a Debian 13 root: install, fast tests, one taxi run (root on Debian only)
	bash .ci/official $(ARGS)

image: ## Build the image of Kubeflow's steps: make image ARGS="--tag registry.local/slipway:1"
	@$(PYTHON) -m pipeline.kubeflow_code image $(ARGS)

test-container: install ## Build the image and run each step of a compiled pipeline in it (root on Debian only)
	$(BIN)/python -m pytest -s -m container tests/kubeflow/container $(ARGS)

clean: ## Remove caches and build leftovers; .venv and .slipway stay
	rm -rf build dist *.egg-info requirements/compat/build requirements/compat/*.egg-info
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -path ./.venv -prune -o -path ./.slipway -prune -o -name __pycache__ -exec rm -rf {} +
