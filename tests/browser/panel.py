"""A tuning panel on a page: what the browser tests of several files do with it."""

CANVAS = ".course-chart"
STOPPED = r"Run \d+ stopped"
GIVEN_UP = "model not found"


def start(page) -> None:
    """Run a training that does not end by itself while a test lasts."""
    page.drag("epochs", 1.0)
    page.choose("batch size", "16")
    page.click("Run")
    page.text(r"Run \d+ is training")


def chart(page, name: str) -> int:
    """What the chart says of itself: how many points, how often it was drawn."""
    return int(page.page.locator(CANVAS).first.get_attribute(f"data-{name}"))


def until(page, condition: str) -> None:
    """Wait for what the chart says of itself, ``d``."""
    page.until(
        f"() => {{ const d = document.querySelector('{CANVAS}').dataset;"
        f" return {condition} }}"
    )


def reload(lab, page, pattern: str) -> None:
    """Reload the page until a text that matches is in an output, at most three times.

    ipywidgets gives a widget's model two seconds to come; where a busy page lets them
    pass in one go, it does not look once more and says for good that there is none.
    Its page has to be loaded again, by a person as well.
    """
    shown = f"text=/{pattern}|Error displaying widget: {GIVEN_UP}/"
    for _ in range(3):
        page.page.reload()
        page.wait_until_ready()
        found = page.page.locator(f".jp-OutputArea-output >> {shown}").first
        found.wait_for()
        if GIVEN_UP not in found.inner_text():
            return
        mine = [error for error in lab.console_errors if GIVEN_UP not in error]
        lab.console_errors[:] = mine
    raise AssertionError(f"three times no widget with {pattern!r}")
