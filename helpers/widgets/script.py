"""What anywidget takes as one text: scripts with their imports, sheets of style."""

import re
from pathlib import Path

_IMPORT = re.compile(r'^import \{[^}]*\} from "\./([\w.-]+)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=function|const|class)", re.MULTILINE)


def script(path: Path) -> str:
    """Return a script with what it imports from its neighbors written into it.

    anywidget hands the browser one module without an address, where "./name.js" means
    nothing.
    """

    def written(found: re.Match) -> str:
        return _EXPORT.sub("", script(path.with_name(found[1])))

    return _IMPORT.sub(written, path.read_text("utf-8"))


def styles(*paths: Path) -> str:
    """Return several sheets of style as the one that anywidget takes."""
    return "\n".join(path.read_text("utf-8") for path in paths)
