# Every target of this file works from a fresh clone; `make help` lists them.
PY := .venv/bin/python
.DEFAULT_GOAL := help
.PHONY: help setup demo run test matrix check bench format docs requirements clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' Makefile

setup: ## .venv with the pinned requirements; quiet when nothing changed (PYTHON=... chooses the interpreter)
	@PYTHON="$(PYTHON)" sh .ci/setup

demo: setup ## the whole thing with demo data and a busy crowd (ANSWERS=folder also loads recorded answers)
	@exec $(PY) manage.py demo $(if $(ANSWERS),--answers "$(ANSWERS)")

run: setup ## the same processes for real use: no demo data, the first visit creates the manager
	@exec $(PY) manage.py run

test: setup ## the whole suite (ARGS="-k approve" selects)
	@sh .ci/test $(ARGS)

matrix: setup ## every fault times every kind of decision, on both stacks, forty of each; then some a whole minute long
	@MATRIX_ROWS=40 STATES_EXAMPLES=400 $(PY) -m pytest -q -n 2 --dist loadgroup --ds=dashboard.settings \
		tests/dashboard/test_matrix.py tests/dashboard/test_states.py $(ARGS)
	@MATRIX_SCALE=1 $(PY) -m pytest -q -n 2 --dist loadgroup --ds=dashboard.settings tests/dashboard/test_matrix.py $(ARGS)

check: setup ## formatting, lint, types, templates, migrations, import rules, docs in step with code
	@sh .ci/check

bench: setup ## the benchmarks: a table here and var/bench.json
	@$(PY) -m tests.bench $(ARGS)

format: setup ## rewrite the code the way `make check` wants it
	@$(PY) -m ruff check --fix --quiet . ; $(PY) -m ruff format --quiet .

docs: setup ## write the generated parts of docs/ again
	@$(PY) manage.py command_states --write

requirements: ## pin the newest versions again; needs uv (https://docs.astral.sh/uv/), which is not a dependency
	uv pip compile --universal --generate-hashes --no-header --upgrade -o requirements.txt pyproject.toml
	uv pip compile --universal --generate-hashes --no-header --upgrade --extra dev -c requirements.txt -o requirements-dev.txt pyproject.toml

clean: ## remove caches and .venv; var/ (databases, secrets, logs) stays
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
