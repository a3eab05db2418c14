"""Which Chromium there is: for the handouts and the browser tests."""

import os
import shutil

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MACOS_BROWSERS = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
NO_BROWSER = "no Chromium or Chrome was found (COURSE_BROWSER=<path> names one)"


def find_browser() -> str | None:
    """Return the path of a Chromium: COURSE_BROWSER, else the first one installed."""
    if chosen := os.environ.get("COURSE_BROWSER"):
        return shutil.which(chosen)
    return next(filter(None, map(shutil.which, (*BROWSERS, *MACOS_BROWSERS))), None)
