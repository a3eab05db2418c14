# The course's commands; a bare `make` lists them. What they do stands in course.py,
# which does the same where there is no make.
#
#   PYTHON=python3.12      the Python that makes the environment
#   TORCH_INDEX=<address>  a package index for torch alone, such as one of CPU builds
#   VENV=<folder>          another environment, e.g. VENV="$CONDA_PREFIX"
#   PINS=<file>            other versions than constraints.txt; /dev/null: the newest
#   CHAPTER=02             one chapter only (test, execute, claims, present, slides,
#                          handout)

SHELL = /bin/sh
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PYTHON = python3
SETTINGS = VENV TORCH_INDEX PINS CHAPTER NOTEBOOKS JUNIT JOBS DATA N NAME ARGS LAB_ARGS
COMMANDS = help env lab test data execute claims bench chapter mutants present slides handout lint doctor clean

# What was given to make, each as one word of the shell, whatever is in it.
quoted = '$(subst ','\'',$(1))'
if_given = $(if $(filter command,$(origin $(1))),$(call quoted,$(1)=$($(1))))

.PHONY: $(COMMANDS)
$(COMMANDS):
	@command -v "$(PYTHON)" >/dev/null 2>&1 || { echo "There is no $(PYTHON) here:\
	 install Python 3.10 to 3.13, or name yours: make $@ PYTHON=<python>." >&2; exit 1; }
	@"$(PYTHON)" course.py $@ $(foreach name,$(SETTINGS),$(call if_given,$(name)))
