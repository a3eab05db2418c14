# The course's commands; a bare `make` lists them.
#
#   PYTHON=python3.12      the Python that makes the environment
#   TORCH_INDEX=<address>  a package index for torch alone, such as one of CPU builds
#   VENV=<folder>          another environment, e.g. VENV="$CONDA_PREFIX"
#   CHAPTER=02             one chapter only (test, execute, claims)

SHELL = /bin/sh
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PYTHON = python3
VENV = .venv
TORCH_INDEX =
CHAPTER =
N =
NAME =
NOTEBOOKS =
JUNIT =
DATA = fashion_mnist
ARGS =
LAB_ARGS =

PY = "$(VENV)/bin/python"
CONFIG = $(CURDIR)/tools/jupyter_config
# Jupyter refuses to run as root, which is what one is in most containers.
ROOT_FLAG = $$(test "$$(id -u)" != 0 || echo --allow-root)

.PHONY: help env lab test data execute claims bench chapter mutants lint doctor clean

help:  ## list these commands
	@echo "make <command>:"
	@sed -n 's/^\([a-z][a-z]*\):.*## \(.*\)/\1|\2/p' Makefile | \
	  while IFS='|' read -r name text; do printf '  %-9s %s\n' "$$name" "$$text"; done

env:  ## make or refresh the environment in .venv (PYTHON=, TORCH_INDEX=)
	@command -v "$(PYTHON)" >/dev/null 2>&1 || { echo "There is no $(PYTHON) here:\
	 install Python 3.10 to 3.13, or name yours: make env PYTHON=<python>." >&2; exit 1; }
	@TORCH_INDEX="$(TORCH_INDEX)" COURSE_VENV="$(VENV)" "$(PYTHON)" tools/env.py

lab: env  ## open the course in JupyterLab (LAB_ARGS=--no-browser)
	@echo "Starting JupyterLab; stop it with Ctrl-C"
	@JUPYTER_CONFIG_PATH="$(CONFIG)$${JUPYTER_CONFIG_PATH:+:$$JUPYTER_CONFIG_PATH}" \
	  $(PY) -m jupyterlab --ServerApp.root_dir="$(CURDIR)" --ServerApp.ip=127.0.0.1 \
	  --LabApp.default_url=/lab/tree/notebooks/00-welcome.ipynb $(ROOT_FLAG) $(LAB_ARGS)

test: env  ## run every test, or one chapter's (CHAPTER=02, JUNIT=report.xml)
	@$(PY) tools/run_tests.py --chapter "$(CHAPTER)" --notebooks "$(NOTEBOOKS)" \
	  --junit "$(JUNIT)" $(ARGS)

data: env  ## fetch a real data set (DATA=fashion_mnist)
	@$(PY) -m helpers.data $(DATA)

execute: env  ## run the notebooks and store their outputs (CHAPTER=02)
	@$(PY) tools/execute.py $(CHAPTER)

claims: env  ## measure every claim at full size (CHAPTER=02, ARGS="--only NAME")
	@$(PY) tools/claims.py $(if $(CHAPTER),--chapter $(CHAPTER)) $(ARGS)

bench: env  ## measure how fast it is (ARGS="--only fit --write")
	@$(PY) -m tools.bench $(ARGS)

chapter: env  ## begin a chapter (N=05 NAME=convolution)
	@$(PY) tools/new_chapter.py "$(N)" "$(NAME)"

mutants: env  ## plant faults one by one and see which test notices (ARGS="--only NAME")
	@$(PY) tools/mutants.py $(ARGS)

lint: env  ## check style and format, notebooks too
	@$(PY) -m ruff check . && $(PY) -m ruff format --check .

doctor:  ## check this machine and the environment, line by line
	@[ -x $(PY) ] || { echo "There is no environment yet: make env makes it." >&2; exit 1; }
	@$(PY) helpers/doctor.py

clean:  ## remove caches; the environment and the data stay
	@rm -rf .pytest_cache .ruff_cache build dist *.egg-info
	@find . -name .venv -prune -o -type d \
	  \( -name __pycache__ -o -name .ipynb_checkpoints \) -prune -exec rm -rf {} +
	@echo "Caches removed; .venv and data/ were left (rm -r .venv removes the former)"
