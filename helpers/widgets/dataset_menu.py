"""Which data set a panel trains on: a drop-down, and a download where it is missing."""

import contextlib
import threading

import ipywidgets

from helpers.data import (
    DataError,
    data_folders,
    download_set,
    remote_files,
    remote_size,
)
from helpers.tuning.session import Session

POLL_SECONDS = 0.2  # between two looks at how much has arrived


class DatasetMenu(ipywidgets.Box):
    """The drop-down of a session's data sets, with a button for one that is missing.

    Parameters
    ----------
    control : the drop-down; its value is the session's setting ``data``.
    """

    def __init__(self, session: Session, control: ipywidgets.Dropdown):
        self.session = session
        self.thread: threading.Thread | None = None
        self.button = ipywidgets.Button(
            description="Download", icon="download", tooltip="Fetch this data set"
        )
        self.bar = ipywidgets.FloatProgress(
            min=0, max=1, layout=ipywidgets.Layout(width="160px", margin="2px 8px")
        )
        control.layout.width = "260px"
        super().__init__([control, self.button, self.bar])
        self.add_class("course-buttons")
        self.button.on_click(lambda _: self.fetch())
        self.follow()

    def follow(self) -> None:
        """Offer a download where the chosen set is missing; show one that goes on."""
        missing = isinstance(self.session.source.problem, DataError)
        fetching = self.thread is not None
        self.button.layout.display = None if missing and not fetching else "none"
        self.bar.layout.display = None if fetching else "none"

    def fetch(self) -> None:
        """Download: fetch the chosen set in the background."""
        if self.thread is not None:
            return
        name = self.session.settings["data"]
        self.bar.value = 0
        self.thread = threading.Thread(target=self._fetch, args=(name,), daemon=True)
        self.session.say(f"Downloading {name} …")
        self.thread.start()

    def _fetch(self, name: str) -> None:
        failed: list[Exception] = []

        def work():
            try:
                download_set(name, progress=False)
            except Exception as error:  # shown below; a thread has nobody to raise to
                failed.append(error)

        worker = threading.Thread(target=work, daemon=True)
        worker.start()
        while worker.is_alive():
            worker.join(POLL_SECONDS)
            self.bar.value = arrived(name)
        self.thread = None
        if failed:
            self.session.say(f"{name} was not downloaded: {failed[0]}", error=True)
        elif self.session.settings["data"] == name:
            self.session.load_data()
        else:
            self.session.say(f"{name} is here now.")


def arrived(name: str) -> float:
    """Share of a set's bytes that are on the disk, 0..1; 0 where it is not known.

    Looked up in the folder, so that it also moves while another kernel fetches it.
    """
    (below, files), total, there = remote_files(name), remote_size(name), 0
    if total is None:
        return 0.0
    with contextlib.suppress(OSError, DataError):
        folder = data_folders()[0] / below
        for file in files:
            found = [p.stat().st_size for p in folder.glob(f"{file.name}*")]
            there += min(max(found, default=0), file.length)
    return there / total
