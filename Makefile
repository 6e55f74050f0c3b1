# `make demo` and `make test` are the two commands of the README; each does all set-up itself.
PYTHON ?= python3
PIP_FLAGS ?=
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help setup system demo test faults check format bench clean

help: ## list the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 10

setup: .venv/installed ## make .venv with penname and every tool, at the pinned versions

.venv/installed: pyproject.toml constraints.txt .ci/make-venv
	.ci/make-venv $(PYTHON) .venv
	$(BIN)/pip install --quiet --disable-pip-version-check $(PIP_FLAGS) -c constraints.txt -e '.[dev]'
	touch $@

system: ## install the servers that the tests start (Debian; needs root)
	.ci/install-servers

demo: setup ## read a small batch of drawn forms and print what was found
	rm -rf demo
	$(BIN)/penname sample demo --forms 12 --seed 7
	$(BIN)/penname read demo/clinic-intake demo/school-enrolment --template demo/templates \
		--db sqlite:///demo/penname.db --store demo/store
	$(BIN)/penname results --db sqlite:///demo/penname.db
	$(BIN)/penname evaluate forms demo --templates demo/templates

test: setup system ## run every test, on real servers started for it
	$(BIN)/pytest --cov --cov-report=term

faults: setup system ## kill workers and servers under real batches; prints what each cost
	$(BIN)/pytest tests/faults -m faults -s -q

check: setup ## format, lint, types, import contracts, unit tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest tests/unit -q

format: setup ## put the code in its house format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: setup ## measure speed and memory; benchmarks/README.md says how to read them
	$(BIN)/python -m benchmarks.bench_read
	$(BIN)/python -m benchmarks.bench_recognition

clean: ## remove what the targets above made
	rm -rf .venv demo .coverage .mypy_cache .ruff_cache .pytest_cache .hypothesis
