"""A button for the classroom: the panel or explorer around it on the whole screen."""

from pathlib import Path

import anywidget

_HERE = Path(__file__).parent


class FullScreen(anywidget.AnyWidget):
    """A small button at the upper right; Escape leaves the full screen, too."""

    _esm = _HERE / "full_screen.js"
    _css = _HERE / "full_screen.css"

    def __init__(self):
        super().__init__()
        self.add_class("course-corner")

    def __repr__(self) -> str:
        return "FullScreen()"
