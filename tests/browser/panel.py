"""A tuning panel on a page: what the browser tests of several files do with it."""

CANVAS = ".course-chart"
STOPPED = r"Run \d+ stopped"


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
