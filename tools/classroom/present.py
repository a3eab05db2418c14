"""Show a chapter's explorers and panels on the whole screen: `make present`.

Voila runs a notebook made of them, in build/present, and serves it on this machine
alone, in large type for a projector. Nothing is written into notebooks/.
"""

import argparse
import importlib.util
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
import webbrowser
from pathlib import Path

import nbformat

from tools.classroom.chapters import notebooks_of
from tools.classroom.presentation import presentation_of
from tools.env_install import Failed, install, say
from tools.stored import ROOT

HERE = Path(__file__).parent
BUILD = ROOT / "build/present"
FIRST_PORT, PORTS = 8866, 50  # Voila's own is the first
# It is made for Jupyter Notebook's page, and complains in the console of any other.
UNFIT = "@jupyter-notebook/lab-extension"
OFFLINE = (
    "Voila, which shows a chapter on the whole screen, is not in this environment and"
    " could not be installed. {why} Without it, JupyterLab's View > Presentation Mode"
    " shows the same widgets, and `make slides` writes slides with their pictures."
)


class Here:
    """The environment whose Python runs this, as `install` wants to know it."""

    python, log = Path(sys.executable), BUILD / "install.log"
    name = sys.prefix


def ensure_voila() -> None:
    """Install the extra ``present`` where Voila is missing.

    Raises
    ------
    Failed : it cannot be installed.
    """
    if importlib.util.find_spec("voila"):
        return
    say(f"Installing Voila into {Here.name} (5 MB, once)")
    BUILD.mkdir(parents=True, exist_ok=True)
    try:
        install(Here, "-c", str(ROOT / "constraints.txt"), "-e", ".[present]")
    except Failed as failed:
        raise Failed(OFFLINE.format(why=failed)) from None


def free_port() -> int:
    """Return a port that nothing listens on."""
    for port in range(FIRST_PORT, FIRST_PORT + PORTS):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return port
    raise Failed(f"All ports from {FIRST_PORT} to {port} are taken: stop what has one.")


def write(path: Path) -> Path:
    """Write a chapter's presentation; return its path."""
    BUILD.mkdir(parents=True, exist_ok=True)
    target = BUILD / path.name
    nbformat.write(presentation_of(path), target)
    return target


def started(notebook: Path, port: int) -> subprocess.Popen:
    """Start Voila on a notebook, for this machine alone."""
    paths = [str(HERE), *filter(None, [os.environ.get("JUPYTER_PATH")])]
    options = ["--Voila.ip=127.0.0.1", f"--port={port}", "--Voila.port_retries=0"]
    options += ["--no-browser", "--template=present", "--Voila.log_level=ERROR"]
    options += [f"--VoilaConfiguration.extension_denylist={UNFIT}"]
    return subprocess.Popen(
        [sys.executable, "-m", "voila", str(notebook), *options],
        env=os.environ | {"JUPYTER_PATH": os.pathsep.join(paths)},
    )


def answers(address: str) -> bool:
    """Whether a server is there; asked of a file, so that no kernel starts for it."""
    try:
        urllib.request.urlopen(f"{address}voila/static/voila.js", timeout=5).close()
    except OSError:
        return False
    return True


def has_screen() -> bool:
    """Whether a browser with a window can be opened here."""
    if os.environ.get("BROWSER") or sys.platform in ("win32", "darwin"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def show(notebook: Path, browser: bool) -> int:
    """Serve a notebook until Ctrl-C; return the exit status."""
    port = free_port()
    address = f"http://127.0.0.1:{port}/"
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C
    server = started(notebook, port)
    try:
        while server.poll() is None and not answers(address):
            time.sleep(0.05)
        if server.poll() is None:
            opened = browser and has_screen() and webbrowser.open(address)
            say(f"{'Opened' if opened else 'Open'} {address} ; stop it with Ctrl-C")
            say("The first page says how far it is; F11 is the browser's full screen")
        return server.wait()
    except KeyboardInterrupt:
        say("\nStopped")
        return 0
    finally:
        if server.poll() is None:
            server.terminate()
            try:
                server.wait(10)
            except subprocess.TimeoutExpired:
                server.kill()


def main() -> int:
    """Run the command; return its exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--chapter", default="", help="02")
    parser.add_argument("--no-browser", action="store_true")
    options = parser.parse_args()
    if not options.chapter:
        there = ", ".join(path.name[:2] for path in notebooks_of(""))
        print(
            f"Which chapter? CHAPTER=02, for example; there are: {there}",
            file=sys.stderr,
        )
        return 1
    (path,) = notebooks_of(options.chapter)
    try:
        notebook = write(path)
        ensure_voila()
        return show(notebook, not options.no_browser)
    except Failed as failed:
        print(failed, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
