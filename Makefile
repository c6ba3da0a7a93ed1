# Returns Station. A fresh machine needs Python 3.11 or newer (with venv), git and make; the rest comes by hash.
.DEFAULT_GOAL := help
.PHONY: help setup demo test check prove test-upstreams nightly bench pictures lock clean

BIN := .venv/bin
OURS := returns_station devices labels
FITS := import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))

# The first Python that is new enough and can make a virtual environment; `make PYTHON=…` names another one.
PYTHON ?= $(shell for each in python3.13 python3.12 python3.11 python3; do \
	if "$$each" -c "$(FITS)" >/dev/null 2>&1; then echo "$$each"; break; fi; done)

help: ## what there is
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(firstword $(MAKEFILE_LIST)) | expand -t 16

setup: .venv/.ready ## the environment, with exactly the libraries of the lock

demo: .venv/.ready ## the station on the screen: scanner, printers, upstream beside it
	@$(BIN)/returns-station demo

test: .venv/.ready .venv/.zpl ## all tests but the long proofs
	$(BIN)/python -m pytest -n 2 --dist worksteal -m "not prove and not upstreams"

check: .venv/.ready ## style, types, architecture
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

prove: .venv/.ready .venv/.zpl ## the long proofs: kills, power cuts, disks that fail, hostile scans by the hundred thousand
	$(BIN)/python -m pytest -n 2 --dist worksteal -m prove

test-upstreams: .venv/.ready ## a real Tryton and a real Medusa: installed, started, worked with, stopped (node and npm are needed)
	$(BIN)/python -m pytest -n 2 --dist loadscope -m upstreams --durations 15 tests/upstreams

nightly: .venv/.ready ## a million hostile frames at the screen
	SCREEN_FRAMES=1000000 $(BIN)/python -m pytest -n 2 --timeout 20000 -m prove tests/prove/test_screen_frames.py

pictures: .venv/.ready ## the pictures and the recording of docs/, from the real program
	$(BIN)/python -m docs.pictures
	$(BIN)/python docs/make_labels.py

bench: .venv/.ready ## measure against the floors of the same run
	$(BIN)/python -m bench

.venv/.ready: requirements-dev.lock pyproject.toml
	@if [ -z "$(PYTHON)" ]; then \
		echo "Returns Station needs Python 3.11 or newer with its venv module, and found none of python3.13, python3.12," >&2; \
		echo "python3.11, python3. Install one (on Debian and Ubuntu also its -venv package), or run make PYTHON=/path/to/it." >&2; \
		exit 1; fi
	@"$(PYTHON)" -c "$(FITS)" || { echo "$(PYTHON) is older than Python 3.11 or has no venv module." >&2; exit 1; }
	@test -x $(BIN)/python || "$(PYTHON)" -m venv .venv
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements-dev.lock
	$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	$(BIN)/python -m compileall -q $(OURS) migrations
	@touch $@

# The ZPL renderer that tests read labels by; without node and npm those tests skip and say so.
.venv/.zpl: tests/labels/zpl/package-lock.json .venv/.ready
	@if command -v npm >/dev/null && command -v node >/dev/null; then \
		cd tests/labels/zpl && npm ci --ignore-scripts --no-audit --no-fund --silent; \
	else echo "node and npm are not here: tests that render ZPL will skip." >&2; fi
	@touch $@

lock: ## renew the locks from pyproject.toml (UPGRADE=--upgrade for newer libraries)
	@tools=$$(mktemp -d) && trap 'rm -rf "$$tools"' EXIT && "$(PYTHON)" -m venv "$$tools" && \
	"$$tools/bin/python" -m pip install -q --disable-pip-version-check uv && \
	compile="$$tools/bin/uv pip compile -q --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-header --no-annotate $(UPGRADE) pyproject.toml" && \
	$$compile -o requirements.lock && $$compile --extra dev -o requirements-dev.lock

clean: ## forget the environment and every cache
	rm -rf .venv build dist .mypy_cache .ruff_cache .import_linter_cache .hypothesis .demo
