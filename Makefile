# The two commands of the README, from a fresh clone: `make demo` and `make test`.
# A virtual environment is made once and used again; VENV=path takes an existing one.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.tamecheck-installed

.PHONY: demo test slow papers lint clean

demo: $(READY)
	$(BIN)/python examples/demo.py

test: $(READY)
	$(BIN)/python -m pytest

slow: $(READY)
	$(BIN)/python -m pytest -m slow

PAPERS := $(sort $(filter-out %/common.py,$(wildcard examples/papers/*.py)))

papers: $(READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[plot]'
	for script in $(PAPERS); do $(BIN)/python $$script || exit 1; done

lint:
	$(BIN)/python -m ruff check tamecheck tests examples benchmarks

clean:
	rm -rf build dist out *.egg-info .pytest_cache .ruff_cache

$(READY): pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[test]'
	touch $(READY)
