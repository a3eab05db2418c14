"""Which data set a panel trains on: a drop-down, and a download where it is missing."""

import contextlib
import threading
from collections.abc import Callable

import ipywidgets

from helpers.data import DataError, ImageData, download, load_images
from helpers.data.real import SETS, data_folders
from helpers.tuning.ranges import Choice

PARTS = ("train", "val", "test")
POLL_SECONDS = 0.2  # between two looks at how much has arrived


class DataChoice:
    """The set that is chosen, loaded with the sizes of the first one.

    Parameters
    ----------
    data : the first set; the others are loaded with as many images in each part.
    names : sets that `load_images` knows.
    say : shows a sentence, ``say(text, error=False)``.
    control : the drop-down whose value is a set's name.
    load : function of a set's name that returns it; the same sizes by default.

    A set that is not on this machine is not replaced by another one: ``problem``
    says what is missing, and `current` raises until it is there.
    """

    def __init__(
        self,
        data: ImageData,
        control: ipywidgets.Dropdown,
        say: Callable[..., None],
        load: Callable[[str], ImageData] | None = None,
    ):
        sizes = {f"n_{part}": len(getattr(data, part)) for part in PARTS}
        self._load = load or (lambda name: load_images(name, **sizes))
        self._loaded = {data.name: data}
        self._say, self._control = say, control
        self.problem: Exception | None = None
        self.thread: threading.Thread | None = None
        self.button = ipywidgets.Button(
            description="Download", icon="download", tooltip="Fetch this data set"
        )
        self.bar = ipywidgets.FloatProgress(
            min=0, max=1, layout=ipywidgets.Layout(width="160px", margin="2px 8px")
        )
        control.layout.width = "260px"
        self.box = ipywidgets.Box([control, self.button, self.bar])
        self.box.add_class("course-buttons")
        _show(self.button, False)
        _show(self.bar, False)
        self.button.on_click(lambda _: self.fetch())
        control.observe(lambda _: self.choose(), "value")

    @staticmethod
    def options(data: ImageData, names: tuple[str, ...]) -> Choice:
        """The declared range: the panel's own set first, then the others."""
        return Choice(*dict.fromkeys((data.name, *names)), start=data.name)

    @property
    def current(self) -> ImageData:
        """The chosen set.

        Raises
        ------
        DataError, ValueError : it is missing or altered, or has fewer images.
        """
        if self.problem is not None:
            raise self.problem
        return self._loaded[self._control.value]

    def choose(self) -> None:
        """Load the set that the drop-down names, or say why not."""
        name, self.problem = self._control.value, None
        if name not in self._loaded:
            self._say(f"Loading {name} …")
            try:
                self._loaded[name] = self._load(name)
            except (DataError, ValueError) as error:
                self.problem = error
        missing = isinstance(self.problem, DataError)
        _show(self.button, missing and not self.fetching)
        if missing and not self.fetching:
            size = sum(file.length for file in SETS[name].files) / 1e6
            # where it was looked for helps nobody who only has to press a button
            absent = " is missing in " in str(self.problem)
            why = "is not on this machine." if absent else f"is no use: {self.problem}"
            self._say(
                f"{name} {why} Download fetches {size:.0f} MB, or choose another set.",
                error=True,
            )
        elif self.problem is not None:
            self._say(f"{name} cannot be used: {self.problem}", error=True)
        else:
            n = len(self._loaded[name].train)
            self._say(f"The next run trains on {n:,} images of {name}.")

    @property
    def name(self) -> str:
        """The name that is chosen now."""
        return self._control.value

    @property
    def fetching(self) -> bool:
        """Whether a download is going on."""
        return self.thread is not None and self.thread.is_alive()

    def fetch(self) -> None:
        """Download: fetch the chosen set in the background."""
        if self.fetching:
            return
        name = self._control.value
        self.bar.value, self.bar.bar_style = 0, ""
        _show(self.button, False)
        _show(self.bar, True)
        self._say(f"Downloading {name} …")
        self.thread = threading.Thread(target=self._fetch, args=(name,), daemon=True)
        self.thread.start()

    def _fetch(self, name: str) -> None:
        failed: list[Exception] = []

        def work():
            try:
                download(name, progress=False)
            except Exception as error:  # shown below; a thread has nobody to raise to
                failed.append(error)

        worker = threading.Thread(target=work, daemon=True)
        worker.start()
        while worker.is_alive():
            worker.join(POLL_SECONDS)
            self.bar.value = arrived(name)
        _show(self.bar, False)
        self.thread = None
        if failed:
            _show(self.button, self._control.value == name)
            self._say(f"{name} was not downloaded: {failed[0]}", error=True)
        elif self._control.value == name:
            self.choose()
        else:
            self._say(f"{name} is here now.")


def arrived(name: str) -> float:
    """Share of a set's bytes that are on the disk, 0..1.

    Looked up in the folder, so that it also moves while another kernel fetches it.
    """
    real, there = SETS[name], 0
    with contextlib.suppress(OSError, DataError):
        folder = data_folders()[0] / real.folder
        for file in real.files:
            found = [p.stat().st_size for p in folder.glob(f"{file.name}*")]
            there += min(max(found, default=0), file.length)
    return there / sum(file.length for file in real.files)


def _show(widget: ipywidgets.Widget, shown: bool) -> None:
    widget.layout.display = None if shown else "none"
