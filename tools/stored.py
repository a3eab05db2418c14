"""What a stored notebook holds: cleaning it, and taking it as committed.

Used when a notebook is executed, when JupyterLab saves one, and by the tests. Nothing
here needs more than the standard library, so the server starts as fast as without it.
"""

import copy
import shutil
import subprocess
from pathlib import Path

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
WIDGET_STATE = "application/vnd.jupyter.widget-state+json"
ROOT = Path(__file__).resolve().parents[1]

_KERNEL = {
    "display_name": "Python 3 (ipykernel)",
    "language": "python",
    "name": "python3",
}
# As the kernel says it, but for its version, which differs from machine to machine.
_LANGUAGE = {
    "codemirror_mode": {"name": "ipython", "version": 3},
    "file_extension": ".py",
    "mimetype": "text/x-python",
    "name": "python",
    "nbconvert_exporter": "python",
    "pygments_lexer": "ipython3",
}
# What editors and runners leave in a cell, and what changes from run to run.
_LEFT_BEHIND = ("ExecuteTime", "collapsed", "execution", "scrolled", "trusted")


def drop_dead_widgets(notebook: dict) -> None:
    """Drop what cannot be shown once the kernel is gone, in place.

    JupyterLab prefers a widget's view to the picture beside it, and of a notebook
    opened again only the picture can be shown: the view says "model not found".

    Parameters
    ----------
    notebook : a notebook in nbformat 4, as nested dicts.
    """
    metadata = notebook.get("metadata", {})
    widgets = metadata.get("widgets")
    if widgets is not None:
        widgets.pop(WIDGET_STATE, None)
        if not widgets:
            del metadata["widgets"]
    for cell in notebook.get("cells", []):
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if "image/png" in data:
                data.pop(WIDGET_VIEW, None)


def keep_pictures(model, contents_manager, **_) -> None:
    """Save a notebook with its widgets' pictures: the server's pre_save_hook.

    Only the file is concerned; the widgets in the open notebook go on working.
    """
    try:
        if model["type"] == "notebook" and model["content"]["nbformat"] >= 4:
            drop_dead_widgets(model["content"])
    except Exception:  # a learner's work is saved, whatever is odd about it
        contents_manager.log.warning("Widget views were not dropped", exc_info=True)


def clean(notebook: dict) -> None:
    """Bring an executed notebook to the form in which it is stored, in place.

    Outputs stay, as do cell ids, tags, slide types and syllabus ids; what differs
    from machine to machine or from run to run goes.

    Parameters
    ----------
    notebook : a notebook in nbformat 4, executed from its first cell to its last.
    """
    drop_dead_widgets(notebook)
    metadata = notebook["metadata"]
    metadata.pop("widgets", None)
    metadata["kernelspec"] = dict(_KERNEL)
    metadata["language_info"] = copy.deepcopy(_LANGUAGE)
    count = 0
    for cell in notebook["cells"]:
        for name in _LEFT_BEHIND:
            cell["metadata"].pop(name, None)
        if cell["cell_type"] != "code":
            continue
        # An empty cell is not run, and has no count to give.
        if cell["execution_count"] is not None:
            count += 1
            cell["execution_count"] = count
        cell["outputs"] = _merged(cell["outputs"])
        for output in cell["outputs"]:
            if "execution_count" in output:
                output["execution_count"] = count


def _merged(outputs: list) -> list:
    """Join what one stream wrote in pieces: how many pieces is chance."""
    merged = []
    for output in outputs:
        last = merged[-1] if merged else {}
        if output["output_type"] == "stream" and output["name"] == last.get("name"):
            last["text"] += output["text"]
        else:
            merged.append(output)
    return merged


def changed_notebooks() -> list[Path]:
    """Notebooks that differ from what git holds; none where there is no git.

    One that was staged or committed counts as held, and one git has never seen, as
    a chapter being written, is not among them.
    """
    try:
        listed = _git("diff", "--name-only", "-z", "--", "notebooks/*.ipynb")
    except (OSError, subprocess.CalledProcessError):
        return []
    names = [name for name in listed.decode().split("\0") if name]
    return [path for path in map(ROOT.joinpath, names) if path.exists()]


def as_committed(folder: Path) -> Path:
    """Copy the notebooks into a folder, those with local changes as git holds them.

    Parameters
    ----------
    folder : an empty folder that exists.

    Returns
    -------
    The folder ``notebooks`` made in it.
    """
    copy = Path(folder) / "notebooks"
    ignore = shutil.ignore_patterns(".ipynb_checkpoints")
    shutil.copytree(ROOT / "notebooks", copy, ignore=ignore)
    for path in changed_notebooks():
        (copy / path.name).write_bytes(_git("show", f":notebooks/{path.name}"))
    return copy


def _git(*arguments: str) -> bytes:
    return subprocess.run(
        ["git", *arguments], cwd=ROOT, check=True, capture_output=True
    ).stdout
