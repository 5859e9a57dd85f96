# `make` lists the targets. `make demo` and `make test` need nothing set up before them
# but git, make and some Python 3; what they install stays in .bootstrap and .venv.

UV := $(CURDIR)/.bootstrap/bin/uv
READY := .venv/.ready
DEMO_DAY := 2026-09-18
SHARDS := 0
QUICK := accounting commands decision hub journal params signals synth tape \
    simulator/exchange simulator/market_data adapters/alpaca/wire

.DEFAULT_GOAL := help
.PHONY: help demo rehearse notebooks shell test quick soak lint fmt bench docs lock clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(READY) ## Backtest a small synthetic market day and print its report
	@.venv/bin/tradectl catalog synth $(DEMO_DAY) --catalog data/demo --symbols 300 --trades 1000000 --seed 3
	@.venv/bin/tradectl backtest --catalog data/demo --date $(DEMO_DAY)

rehearse: $(READY) ## Trade a small synthetic market day live, over the simulator's wire, and compare; SHARDS=4 for a cluster
	@.venv/bin/tradectl catalog synth $(DEMO_DAY) --catalog data/rehearsal --symbols 120 --trades 300000 --seed 3
	@.venv/bin/tradectl rehearse $(DEMO_DAY) --catalog data/rehearsal --shards $(SHARDS)

notebooks: export TRADECTL_CATALOG := $(CURDIR)/data/demo
notebooks: export TRADECTL_RUNS := $(CURDIR)/runs
notebooks: $(READY) ## Run the notebooks on a small synthetic market day, into data/notebooks
	@.venv/bin/tradectl catalog synth $(DEMO_DAY) --catalog data/demo --symbols 300 --trades 1000000 --seed 3
	@mkdir -p data/notebooks
	@for each in notebooks/*.py; do \
	    to=data/notebooks/$$(basename $$each .py).ipynb; \
	    .venv/bin/jupytext --quiet --set-kernel python3 --output $$to $$each \
	    && .venv/bin/jupyter-execute --inplace $$to && echo $$to || exit 1; \
	done

shell: $(READY) ## Start a shell in which `tradectl` is a command
	@PATH="$(CURDIR)/.venv/bin:$$PATH" exec "$${SHELL:-/bin/sh}"

test: export PYTHONDONTWRITEBYTECODE := # empty: what hundreds of starts import is compiled once
test: lint ## Check everything: lint, types, import contracts, all tests
	@.venv/bin/python -m pytest -n 2 --dist worksteal

soak: $(READY) ## Kill live, simulator, database and parts of a cluster 200 times each; read bytes never tried
	@.venv/bin/python -m tests.fuzz.soak $(FUZZ)
	@.venv/bin/python -m tests.resume.soak $(SOAK)
	@.venv/bin/python -m tests.cluster.soak $(FAULTS)

quick: export PYTHONDONTWRITEBYTECODE :=
quick: lint ## Check between two edits: lint, and tests that start no database server or command
	@.venv/bin/python -m pytest -n 2 --dist worksteal $(addprefix tests/,$(QUICK))

lint: $(READY) ## Check style, types, import contracts and files
	@.venv/bin/pre-commit run --all-files --show-diff-on-failure

fmt: $(READY) ## Format the code and apply the safe fixes
	@.venv/bin/ruff check --fix --quiet . ; .venv/bin/ruff format --quiet .

bench: $(READY) ## Measure speed on a 60 M-trade day and write the table in docs/
	@.venv/bin/python -m benchmarks

docs: $(READY) ## Write docs/reference/ from the code
	@.venv/bin/python -m docs.generate

lock: $(READY) ## Resolve the newest allowed dependencies into requirements.lock
	@$(UV) pip compile pyproject.toml --upgrade --universal --all-extras --group dev \
	    --generate-hashes --no-annotate --no-header --no-emit-index-url --no-emit-find-links \
	    --quiet --output-file requirements.lock

clean: ## Remove what make and the tools made, but no data and no runs
	@rm -rf .venv .bootstrap .pytest_cache .ruff_cache .hypothesis .import_linter_cache build dist

$(READY): requirements.lock pyproject.toml | $(UV)
	@sh .ci/environment $(UV)
	@touch $@

$(UV): | requirements.lock
	@sh .ci/bootstrap
