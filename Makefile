# make demo: the main job on real data. make test: the whole suite. make examples: the
# other scripts in examples/. make docs: the documentation, in docs/_build/html, with the
# gallery (make docs SPHINXOPTS="-D plot_gallery=0": without). make test-oldest: the suite, but for what is slow, on the
# oldest versions of what skattn needs. make test-newest PYTHON=python3.13: the same with
# the versions of constraints.txt on another interpreter.
# They make their own environment first, in .venv, .venv-oldest or .venv-newest. PYTHON
# chooses the interpreter.

PYTHON ?= python3
VENV ?= .venv
CONSTRAINTS ?= constraints.txt
# what the tests are installed with: of dev they need the part test
EXTRA ?= dev
BIN := $(VENV)/bin
INSTALL = $(BIN)/python -m pip install --quiet --disable-pip-version-check \
	--constraint $(CONSTRAINTS) --editable

export MPLBACKEND ?= Agg
# OpenMP's threads otherwise spin while they wait, against each other and the kernels'
# pool: on two busy cores ten fits of the karate club took 130 s against 9 s.
export OMP_WAIT_POLICY ?= passive

# environments of the oldest versions, and of another interpreter
OLDEST = VENV=.venv-oldest CONSTRAINTS=constraints-oldest.txt EXTRA=test
NEWEST = VENV=.venv-newest EXTRA=test

.PHONY: demo test test-oldest test-newest environment environment-oldest \
	environment-newest examples docs dev clean

demo: $(VENV)/.plot
	$(BIN)/python examples/demo.py

# two processes share the cores: one torch thread each
test: export OMP_NUM_THREADS ?= 1
test: $(VENV)/.$(EXTRA)
	$(BIN)/python -m pytest --numprocesses 2 --dist loadgroup $(PYTEST_ARGS)

# with kernels of its own on disk: each numba would replace the other's
test-oldest: export NUMBA_CACHE_DIR = $(CURDIR)/.venv-oldest/kernels
test-oldest:
	$(MAKE) test $(OLDEST) PYTEST_ARGS='-m "not slow" $(PYTEST_ARGS)'

test-newest: export NUMBA_CACHE_DIR = $(CURDIR)/.venv-newest/kernels
test-newest:
	$(MAKE) test $(NEWEST) PYTEST_ARGS='-m "not slow" $(PYTEST_ARGS)'

examples: $(VENV)/.dev
	@set -e; for script in $(filter-out examples/demo.py,$(wildcard examples/*.py)); do \
		echo "== $$script"; $(BIN)/python $$script; \
	done

# one folder per version, which share all but the version switcher
DOCS_VERSIONS ?= dev 0.1
docs: export OMP_NUM_THREADS ?= 1
docs: $(VENV)/.dev
	@set -e; for version in $(DOCS_VERSIONS); do \
		echo "== docs/_build/html/$$version"; \
		DOCS_VERSION=$$version $(BIN)/python -m sphinx --quiet --fail-on-warning --keep-going \
			--doctree-dir docs/_build/doctrees $(SPHINXOPTS) docs docs/_build/html/$$version; \
		$(BIN)/python .ci/site.py docs/_build/html/$$version; \
	done
	@cp docs/site/* docs/_build/html/

dev: $(VENV)/.dev

environment: $(VENV)/.$(EXTRA)

environment-oldest:
	$(MAKE) environment $(OLDEST)

environment-newest:
	$(MAKE) environment $(NEWEST)

$(VENV)/.plot $(VENV)/.test $(VENV)/.dev: $(VENV)/.%: pyproject.toml $(CONSTRAINTS) | $(BIN)/python
	@echo "installing skattn[$*] in $(VENV) (a minute or two, the first time)"
	$(INSTALL) '.[$*]'
	@touch $@

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "skattn needs Python 3.11 or later; choose one: make PYTHON=python3.11")'
	$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }

clean:
	rm -rf $(VENV) .venv-oldest docs/_build docs/auto_examples docs/api/generated
