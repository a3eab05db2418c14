"""Defaults of `make lab`; what is given on its command line wins."""

from pathlib import Path

c = get_config()  # noqa: F821  (given by traitlets)
c.ServerApp.ip = "127.0.0.1"
c.ServerApp.root_dir = str(Path(__file__).resolve().parents[2])
c.LabApp.default_url = "/lab/tree/notebooks/00-welcome.ipynb"
# Jupyter refuses to run as root, which is what one is in most containers.
c.ServerApp.allow_root = True
