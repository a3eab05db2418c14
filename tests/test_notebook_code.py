"""What the code of a notebook must obey where no output shows whether it does.

A panel trains only when somebody presses Run: that its controls reach what they are
named after, and begin where its first run stood, is read from the code.
"""

import ast
import json

import pytest

from tests.test_stored_notebooks import PATHS


def trees_of(path):
    """Cell id -> the syntax tree of each code cell, in their order."""
    cells = json.loads(path.read_text("utf-8"))["cells"]
    code = [c for c in cells if c["cell_type"] == "code"]
    return {c["id"]: ast.parse("".join(c["source"])) for c in code}


@pytest.fixture(params=PATHS, ids=lambda path: path.stem)
def trees(request):
    return trees_of(request.param)


def unused_parameters(tree: ast.Module) -> list[str]:
    """Say which parameters of which functions are never read.

    What a learner is to write has ``...`` in its place and is left out.
    """
    found = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef):  # a lambda takes what it is given
            continue
        inside = [part for statement in node.body for part in ast.walk(statement)]
        if any(isinstance(p, ast.Constant) and p.value is ... for p in inside):
            continue
        read = {part.id for part in inside if isinstance(part, ast.Name)}
        given = [a.arg for a in (*node.args.args, *node.args.kwonlyargs)]
        found += [f"{node.name}({a})" for a in given if a not in {*read, "self", "_"}]
    return found


def test_every_parameter_is_used(trees):
    unused = {name: unused_parameters(tree) for name, tree in trees.items()}
    assert not {name: found for name, found in unused.items() if found}


def test_a_parameter_that_does_nothing_is_seen():
    code = "def points(shape, noise):\n    return make(shape, noise=0.1)"
    assert unused_parameters(ast.parse(code)) == ["points(noise)"]
    assert unused_parameters(ast.parse(code.replace("0.1", "noise"))) == []
    assert unused_parameters(ast.parse("def stub(x):\n    return ...")) == []


# -- panels -------------------------------------------------------------------------


def literal(node):
    """The value of a number or text that stands in code; None of anything else."""
    try:
        return ast.literal_eval(node)
    except ValueError:
        return None


def start_of(declared: ast.Call):
    """Where a control begins, as `Slider(0, 1, start=0.5)` says; else its first."""
    given = {keyword.arg: keyword.value for keyword in declared.keywords}
    if "start" in given:
        return literal(given["start"])
    return literal(declared.args[0]) if declared.func.id == "Choice" else None


def first_runs(trees: list[ast.Module]) -> list[tuple[dict, dict]]:
    """The start values of each panel, and the settings that its first run had.

    Settings are the keywords of the call of ``train``, and those of the dict that it
    unpacks, with what was assigned to its entries since.
    """
    dicts: dict[str, dict] = {}
    runs: dict[str, dict] = {}
    found = []
    for node in (node for tree in trees for node in ast.walk(tree)):
        if isinstance(node, ast.Assign):
            for target, value in _assigned(node):
                if isinstance(target, ast.Name) and isinstance(value, ast.Dict):
                    keys = map(literal, value.keys)
                    dicts[target.id] = dict(
                        zip(keys, map(literal, value.values), strict=True)
                    )
                elif isinstance(target, ast.Subscript):
                    name = getattr(target.value, "id", "")
                    dicts.get(name, {})[literal(target.slice)] = literal(value)
                elif isinstance(target, ast.Name) and _called(value) == "train":
                    settings: dict = {}
                    for keyword in value.keywords:
                        unpacked = dicts.get(getattr(keyword.value, "id", ""), {})
                        more = {keyword.arg: literal(keyword.value)}
                        settings |= more if keyword.arg else unpacked
                    runs[target.id] = settings
        if _called(node) == "TuningPanel":
            given = {k.arg: k.value for k in node.keywords}
            if "first_run" in given:
                controls = {n: v for n, v in given.items() if isinstance(v, ast.Call)}
                starts = {name: start_of(call) for name, call in controls.items()}
                found.append((starts, runs[given["first_run"].id]))
    return found


def _assigned(node: ast.Assign):
    """Pairs of target and value, also of ``a, b = 1, 2`` and of ``a = b = 1``."""
    pairs = []
    for target in node.targets:
        if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
            pairs += zip(target.elts, node.value.elts, strict=True)
        else:
            pairs.append((target, node.value))
    return pairs


def _called(node) -> str:
    return getattr(node.func, "id", "") if isinstance(node, ast.Call) else ""


def test_a_panel_starts_with_the_settings_of_its_first_run(trees):
    for starts, settings in first_runs(list(trees.values())):
        both = starts.keys() & settings.keys()
        assert both
        assert {n: starts[n] for n in both} == {n: settings[n] for n in both}


def test_another_start_is_seen():
    code = """
settings = {"lr": 0.1, "num_epochs": 2}
net, settings["num_epochs"] = make(), 3
history = train(net, data, batch_size=8, **settings)
TuningPanel(make, data, first_run=history, lr=Slider(0, 1, start=0.1),
            num_epochs=IntSlider(1, 9, start=3), batch_size=Choice(8, 16))
"""
    ((starts, settings),) = first_runs([ast.parse(code)])
    assert starts == settings == {"lr": 0.1, "num_epochs": 3, "batch_size": 8}
