"""The hooks before a commit are the commands of `make lint`, and fetch nothing."""

import yaml

from tools.stored import ROOT

HOOKS = {
    hook["id"]: hook
    for repo in yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    for hook in repo["hooks"]
}


def test_the_commands_of_make_lint():
    makefile = (ROOT / "Makefile").read_text()
    recipe = makefile.split("\nlint: env")[1].split("\n\n")[0].split("\n\t@")[1]
    lint = [part.strip() for part in recipe.replace("$(PY)", "").split("&&")]
    entries = [HOOKS[name]["entry"] for name in ("ruff-check", "ruff-format")]
    # A hook names the files that are committed, where make lint says "all".
    assert [f"{e.removeprefix('.venv/bin/python ')} ." for e in entries] == lint


def test_all_hooks_are_local():
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())
    assert {repo["repo"] for repo in config["repos"]} == {"local"}
    assert {hook["language"] for hook in HOOKS.values()} == {"system", "pygrep"}


def test_notebooks_are_guarded_and_not_edited():
    assert "tests/test_stored_notebooks.py" in HOOKS["stored-notebooks"]["entry"]
    for name in ("trailing-whitespace", "final-newline"):
        assert "ipynb" in HOOKS[name]["exclude"]
