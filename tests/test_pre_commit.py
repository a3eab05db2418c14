"""The hooks before a commit are the commands of `make lint`, and fetch nothing."""

import yaml

from tools.stored import ROOT

HOOKS = {
    hook["id"]: hook
    for repo in yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    for hook in repo["hooks"]
}


def test_all_hooks_are_local():
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())
    assert {repo["repo"] for repo in config["repos"]} == {"local"}
    assert {hook["language"] for hook in HOOKS.values()} == {"system", "pygrep"}


def test_notebooks_are_guarded_and_not_edited():
    assert "tests/test_stored_notebooks.py" in HOOKS["stored-notebooks"]["entry"]
    for name in ("trailing-whitespace", "final-newline"):
        assert "ipynb" in HOOKS[name]["exclude"]
