.PHONY: run setup check format test fuzz peers bench clean
.DEFAULT_GOAL := run

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.stamp
CONFIG ?= $(wildcard prometheus.yml)
PEERS ?= .peers
FUZZ_SECONDS ?= 60

## run: start Watchkeeper here, watching this machine, with its data under ./data
run: $(STAMP)
	@$(BIN)/watchkeeper serve $(foreach f,$(CONFIG),--config $(f)) --data data

## setup: everything that development needs, from the lock
setup: $(STAMP)
	@$(BIN)/uv sync --quiet --frozen --all-groups --compile-bytecode

$(STAMP): pyproject.toml uv.lock
	@test -x $(BIN)/python || python3 -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	@UV_PROJECT_ENVIRONMENT=$(VENV) $(BIN)/uv sync --quiet --frozen --inexact --no-dev --compile-bytecode
	@$(BIN)/python -m compileall -q src
	@touch $@

## check: lint, formatting, types, the rooms' layers
check: setup
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/basedpyright --level error
	@$(BIN)/lint-imports

format: setup
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

## test: every test; those against real peers are skipped, by name, where `make peers` has not run
test: setup
	@$(BIN)/pytest tests/unit --numprocesses 2 --dist loadscope
	@PATH="$(CURDIR)/$(PEERS)/usr/bin:$$PATH" $(BIN)/pytest tests/differential tests/conformance \
		--numprocesses 2 --dist loadscope
	@PATH="$(CURDIR)/$(PEERS)/usr/bin:$$PATH" $(BIN)/pytest --ignore tests/unit --ignore tests/differential \
		--ignore tests/conformance

## peers: today's Prometheus, Alertmanager & co, unpacked into .peers, never installed
peers:
	@sh tests/peers.sh $(PEERS)

## fuzz: every decoder and parser by coverage, FUZZ_SECONDS each
fuzz: setup
	@$(BIN)/python tests/fuzz/fuzz.py $(FUZZ_SECONDS)

bench: setup
	@PATH="$(CURDIR)/$(PEERS)/usr/bin:$$PATH" $(BIN)/python -m benchmarks

clean:
	rm -rf $(VENV) $(PEERS) .pytest_cache .ruff_cache
