# `make help` lists what can be made. Every target sets up what it needs; the environment is .venv.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
PYTHON ?= python3
# `make setup EXTRAS=dev,cuda` on a GPU machine.
EXTRAS ?= dev
# Of tests, on two processors: a third of their time they wait for each other's processes, brokers and browsers.
WORKERS ?= 4
# Of the order of the tests and of what they draw: one commit gets one verdict (SEED=$RANDOM for another order).
SEED ?= 1
UV_VERSION := 0.13.9
BIN := .venv/bin
STAMP := .venv/.installed-$(EXTRAS)
# uv does not read pip's settings: a folder of wheels configured for pip (with a CPU build of torch, say) is passed on.
# Without one, uv itself picks the CPU build; the extra `cuda` takes the default build, which brings CUDA.
FIND_LINKS := $(shell $(PYTHON) -m pip config get global.find-links 2>/dev/null)
TORCH := $(if $(findstring cuda,$(EXTRAS)),,$(if $(FIND_LINKS),,--torch-backend cpu))
export OMP_NUM_THREADS ?= 1
export PYTHONPATH := .:protos/gen
# Without bytecode each process compiles every module that it reads: twice the seconds of a start.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup lock protos format check test pictures explore demo run migrate clean bench bench-import bench-bulk bench-issuance \
	bench-serving bench-score bench-overload bench-redemption bench-audience bench-experiments bench-verdicts bench-admin

help: ## Show what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  \033[36m%-14s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(STAMP) ## Make the environment (EXTRAS=dev,cuda for a GPU machine)

# A worktree whose .venv is a link leaves it to whoever owns it: the environment would run this tree's code from then on.
$(STAMP): $(if $(shell test -L .venv && echo linked),,pyproject.toml requirements.lock)
	@test -x $(BIN)/pip || { $(PYTHON) -c 'import sys; (3, 11) <= sys.version_info < (3, 15) or sys.exit("Python 3.11 to 3.14 \
	is needed, and this is %d.%d: name another, such as make setup PYTHON=python3.12" % sys.version_info[:2])' && $(PYTHON) -m venv .venv; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@UV_FIND_LINKS="$(FIND_LINKS)" VIRTUAL_ENV=.venv $(BIN)/uv pip install --quiet $(TORCH) -c requirements.lock -e '.[$(EXTRAS)]'
	@touch $@

lock: $(STAMP) ## Pin every dependency again, for CPU and GPU machines alike
	@env -u UV_FIND_LINKS $(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --no-annotate --no-header \
	  --extra dev --extra cuda --extra openvino --extra otel pyproject.toml -o requirements.lock

protos: $(STAMP) ## Generate protos/gen from protos/tierwise
	@$(BIN)/python -m protos.generate

format: $(STAMP) ## Format the code
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

check: $(STAMP) ## Lint, types, floors, protos, migrations
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy .
	$(BIN)/lint-imports
	$(BIN)/python -m protos.generate --check
	$(BIN)/python -m migrations.check

test: $(STAMP) ## Run every test that CI runs (WORKERS=4 SEED=1)
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder --randomly-seed $(SEED) \
	  --reruns 1 --max-suite-reruns 3 --rerun-show-tracebacks

pictures: $(STAMP) ## Pictures of the pages of the web admin, as its tests see them, in build/screenshots
	@mkdir -p build/screenshots
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile tests/web

explore: $(STAMP) ## Try the properties on examples that nobody has tried before (K=words of their names)
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --hypothesis-profile exploring -m hypothesis $(if $(K),-k '$(K)')

demo: $(STAMP) ## The whole story in a few minutes (DATA=online_retail.parquet for a real shop)
	@$(BIN)/tierwise demo $(if $(DATA),--data '$(DATA)')

run: $(STAMP) ## Server, worker, beat and web admin until Ctrl-C
	@$(BIN)/tierwise run

migrate: $(STAMP) ## Bring the database at TIERWISE_DATABASE_URL to the newest shape
	@$(BIN)/tierwise migrate

bench: bench-import bench-bulk bench-issuance bench-serving bench-score bench-overload bench-redemption bench-audience bench-experiments bench-verdicts bench-admin ## Every benchmark

bench-import: $(STAMP) ## Import beside a bare COPY of the same rows
	@$(BIN)/python -m bench.importing

bench-bulk: $(STAMP) ## Rescoring beside the bare network
	@$(BIN)/python -m bench.bulk

bench-issuance: $(STAMP) ## A launch of a million coupons beside a bare COPY of them (COUPONS=100000 ROUNDS=3)
	@$(BIN)/python -m bench.issuance $(if $(COUPONS),--coupons $(COUPONS)) $(if $(ROUNDS),--rounds $(ROUNDS))

bench-serving: $(STAMP) ## The pool beside the floors that tie it to other servers (FLOORS=folder ROUNDS=3 CALLERS=8,32 RATES=200)
	@$(MAKE) --no-print-directory setup EXTRAS=$(EXTRAS),openvino
	@$(BIN)/python -m bench.peers $(if $(FLOORS),--floors $(FLOORS)) $(if $(ROUNDS),--rounds $(ROUNDS)) \
	  $(if $(CALLERS),--callers $(CALLERS)) $(if $(RATES),--rates $(RATES))

bench-score: $(STAMP) ## The whole server beside a bare echo and the bare network
	@$(BIN)/python -m bench.serving

bench-overload: $(STAMP) ## Score in an open loop, up to three times what it can do, and a soak (SOAK=10 minutes)
	@$(BIN)/python -m bench.overload $(if $(SOAK),--soak-minutes $(SOAK))

bench-redemption: $(STAMP) ## Coupons at the till: 100 callers on one hot campaign, in shards and in one row
	@$(BIN)/python -m bench.redemption

bench-audience: $(STAMP) ## Counting a million customers by a rule, exactly and from a sample
	@$(BIN)/python -m bench.audience

bench-experiments: $(STAMP) ## False positives and coverage of 500 simulated campaigns of each kind (CAMPAIGNS=100 JSON=1)
	@$(BIN)/python -m bench.experiments $(if $(CAMPAIGNS),--campaigns $(CAMPAIGNS)) $(if $(JSON),--json)

bench-verdicts: $(STAMP) ## What 500 simulated campaigns of each kind are told, beside the truth (CAMPAIGNS=100 JSON=1)
	@$(BIN)/python -m bench.verdicts $(if $(CAMPAIGNS),--campaigns $(CAMPAIGNS)) $(if $(JSON),--json)

bench-admin: $(STAMP) ## Pages of the web admin over a million customers (CUSTOMERS=20000 COUPONS=100000 AUDIT=20000 JSON=1)
	@$(BIN)/python -m bench.admin_pages $(if $(CUSTOMERS),--customers $(CUSTOMERS)) $(if $(COUPONS),--coupons $(COUPONS)) \
	  $(if $(AUDIT),--audit-lines $(AUDIT)) $(if $(JSON),--json)

clean: ## Remove what was made, the environment too
	rm -rf .venv build var .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
