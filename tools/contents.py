"""How JupyterLab reads and saves notebooks: with `stored.keep_pictures`, and back."""

from typing import NamedTuple

from jupyter_core.utils import ensure_async
from jupyter_server.services.contents.largefilemanager import AsyncLargeFileManager
from present import present_pictures
from stored import WIDGET_VIEW

KINDS = ("image/png", "text/plain")  # a picture, and its line of text


class Shown(NamedTuple):
    """A widget in a saved notebook.

    ``sent`` is the PNG that the page has beside the view, of the moment when the widget
    was shown; ``data`` and ``metadata`` are the picture that stands in the file.
    """

    view: dict
    sent: str
    data: dict
    metadata: dict


class PictureContents(AsyncLargeFileManager):
    """Saves widgets' present pictures, and keeps live widgets over a reload.

    Notebooks are saved with widgets' pictures instead of their views, which nobody can
    show once the kernel is gone. As long as it lives, a notebook that is opened anew
    gets the views back, or a training would go on without a Stop. A kernel that was
    restarted is another one.

    What the page sends is the picture of the moment when a widget was shown. Its
    kernel is asked for the present one; if it is busy or gone, the one that was saved
    last stays.
    """

    def __init__(self, **more):
        super().__init__(**more)
        # By path, then by cell id and number of the output.
        self._shown: dict[str, dict[tuple, Shown]] = {}
        self._processes: dict[str, int] = {}  # whose view it is, by the view's model

    async def save(self, model, path=""):
        place = path.strip("/")
        try:
            shown = await self._refresh(model, place)
        except Exception:  # a learner's work is saved, whatever is odd about it
            self.log.warning("Widgets' pictures were not renewed", exc_info=True)
            shown = None
        saved = await super().save(model, path)
        if shown is not None:
            self._shown[place] = shown
            if process := await self._process_of(place):
                for widget in shown.values():
                    self._processes.setdefault(widget.view.get("model_id"), process)
        return saved

    async def get(self, path, content=True, *arguments, **options):
        model = await super().get(path, content, *arguments, **options)
        shown = self._shown.get(path.strip("/"))
        process = await self._process_of(path.strip("/")) if content and shown else None
        if process is not None:
            for key, output in _pictures(model):
                widget, data = shown.get(key), output["data"]
                if widget is None or data["image/png"] != widget.data["image/png"]:
                    continue  # run since elsewhere
                if self._processes.get(widget.view.get("model_id")) == process:
                    data.setdefault(WIDGET_VIEW, widget.view)
        return model

    async def rename_file(self, old_path, new_path):
        await super().rename_file(old_path, new_path)
        shown = self._shown.pop(old_path.strip("/"), None)
        if shown:
            self._shown[new_path.strip("/")] = shown

    async def _refresh(self, model, path: str) -> dict[tuple, Shown]:
        """Put present pictures into a notebook to be saved; return the widgets in it.

        Saving drops their views, so they are read before.
        """
        outputs = [(k, o) for k, o in _pictures(model) if WIDGET_VIEW in o["data"]]
        names = [output["data"][WIDGET_VIEW].get("model_id") for _, output in outputs]
        # A widget that was shown anew since has a newer picture of its own.
        former = {
            (old.view.get("model_id"), old.sent): (old.data, old.metadata)
            for old in self._shown.get(path, {}).values()
        }
        present = await self._present(path, names)
        shown = {}
        for (key, output), name in zip(outputs, names, strict=True):
            data, metadata = output["data"], output.setdefault("metadata", {})
            sent = data["image/png"]
            picture = present.get(name) or former.get((name, sent), ({}, {}))
            data.update(picture[0])
            metadata.update(picture[1])
            shown[key] = Shown(
                *(data[WIDGET_VIEW], sent),
                {kind: data[kind] for kind in KINDS if kind in data},
                {"image/png": metadata.get("image/png", {})},
            )
        return shown

    async def _present(self, path: str, model_ids: list[str]) -> dict[str, list]:
        """Widgets' present pictures, as far as the notebook's kernel gives them."""
        kernel = await self._kernel_of(path) if model_ids else None
        if kernel is None:
            return {}
        try:
            return await present_pictures(kernel, model_ids)
        except Exception as error:  # it began a cell, it died, it hangs
            self.log.info("The kernel of %s gave no pictures: %r", path, error)
            return {}

    async def _process_of(self, path: str) -> int | None:
        """The process of the kernel that runs the notebook; None if there is none."""
        kernel = await self._kernel_of(path)
        return None if kernel is None else kernel.provisioner.pid

    async def _kernel_of(self, path: str):
        """The manager of the kernel that runs the notebook here; None without one."""
        sessions = getattr(self.parent, "session_manager", None)
        if sessions is None:
            return None
        for session in await ensure_async(sessions.list_sessions()):
            if session["path"] == path and session.get("kernel"):
                kernel = self.parent.kernel_manager.get_kernel(session["kernel"]["id"])
                provisioner = getattr(kernel, "provisioner", None)
                # One on another machine has no process here.
                return kernel if getattr(provisioner, "pid", None) else None
        return None


def _pictures(model):
    """Yield each output that has a picture, with its place."""
    content = model.get("content")
    if model.get("type") != "notebook" or not isinstance(content, dict):
        return
    for cell in content.get("cells", ()):
        for k, output in enumerate(cell.get("outputs", ())):
            if "image/png" in output.get("data", {}):
                yield (cell.get("id"), k), output
