"""How JupyterLab reads and saves notebooks: with `stored.keep_pictures`, and back."""

from jupyter_core.utils import ensure_async
from jupyter_server.services.contents.largefilemanager import AsyncLargeFileManager
from stored import WIDGET_VIEW


class PictureContents(AsyncLargeFileManager):
    """Keeps live widgets over a reload of their page.

    Notebooks are saved with widgets' pictures instead of their views, which nobody can
    show once the kernel is gone. As long as it lives, a notebook that is opened anew
    gets the views back, or a training would go on without a Stop. A kernel that was
    restarted is another one.
    """

    def __init__(self, **more):
        super().__init__(**more)
        self._views: dict[str, dict] = {}  # by path, cell id and number of the output
        self._processes: dict[str, int] = {}  # whose view it is, by the view's model

    async def save(self, model, path=""):
        views = _views_of(model)
        saved = await super().save(model, path)
        if views is not None:
            self._views[path.strip("/")] = views
            if process := await self._process_of(path.strip("/")):
                for _, view in views.values():
                    self._processes.setdefault(view.get("model_id"), process)
        return saved

    async def get(self, path, content=True, *arguments, **options):
        model = await super().get(path, content, *arguments, **options)
        views = self._views.get(path.strip("/"))
        process = await self._process_of(path.strip("/")) if content and views else None
        if process is not None:
            for key, data in _pictures(model):
                picture, view = views.get(key, ("", {}))
                lives = self._processes.get(view.get("model_id")) == process
                if lives and data["image/png"] == picture:  # not run since elsewhere
                    data.setdefault(WIDGET_VIEW, view)
        return model

    async def rename_file(self, old_path, new_path):
        await super().rename_file(old_path, new_path)
        views = self._views.pop(old_path.strip("/"), None)
        if views:
            self._views[new_path.strip("/")] = views

    async def _process_of(self, path: str) -> int | None:
        """The process of the kernel that runs the notebook; None if there is none."""
        sessions = getattr(self.parent, "session_manager", None)
        if sessions is None:
            return None
        for session in await ensure_async(sessions.list_sessions()):
            if session["path"] == path and session.get("kernel"):
                kernel = self.parent.kernel_manager.get_kernel(session["kernel"]["id"])
                return getattr(kernel.provisioner, "pid", None)
        return None


def _pictures(model):
    """Yield the data of each output that has a picture, with its place."""
    content = model.get("content")
    if model.get("type") != "notebook" or not isinstance(content, dict):
        return
    for cell in content.get("cells", ()):
        for k, output in enumerate(cell.get("outputs", ())):
            data = output.get("data", {})
            if "image/png" in data:
                yield (cell.get("id"), k), data


def _views_of(model) -> dict | None:
    """The views that saving drops, each with the picture beside it."""
    try:
        return {
            key: (data["image/png"], data[WIDGET_VIEW])
            for key, data in _pictures(model)
            if WIDGET_VIEW in data
        }
    except Exception:  # a learner's work is saved, whatever is odd about it
        return None
