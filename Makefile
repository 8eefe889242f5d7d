# The same commands on every machine. The first one sets up all it needs in .venv/.
PYTHON ?= python3
# Installed first and exactly: see "Platforms" in the README for the CPU build.
TORCH ?= torch==2.13.0
TORCH_ARGS ?=
PORT ?= $(or $(QA_PORT),8000)

PIP := .venv/bin/python -m pip --disable-pip-version-check
RUN := .venv/bin/python -m

.PHONY: serve index eval bench test check format clean

serve: .venv/runtime ## chat and API, the seed documents indexed at the first start
	$(RUN) qa_service serve --port $(PORT) --index-if-empty seeds

index: .venv/runtime ## make index FILES="report.txt folder/"
	$(RUN) qa_service index $(FILES)

eval: .venv/development ## the service beside a textbook pipeline on the seed questions
	$(RUN) eval.run

bench: .venv/bench ## speed, memory and disk beside other systems
	$(RUN) eval.bench

test: .venv/development
	$(RUN) pytest

check: .venv/development
	$(RUN) ruff format --check .
	$(RUN) ruff check .
	$(RUN) mypy
	.venv/bin/lint-imports

format: .venv/development
	$(RUN) ruff format .
	$(RUN) ruff check --fix .

clean:
	rm -rf .venv artifacts

.venv/runtime: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(PIP) install --quiet --upgrade "pip>=25.1" setuptools
	$(PIP) install --quiet $(TORCH_ARGS) $(TORCH)
	$(PIP) install --quiet --constraint constraints.txt --editable .
	touch $@

.venv/development: .venv/runtime
	$(PIP) install --quiet --constraint constraints.txt --group test --group eval --group check
	touch $@

.venv/bench: .venv/development
	$(PIP) install --quiet --constraint constraints.txt --group bench
	touch $@
