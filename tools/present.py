"""Asks a notebook's kernel for its widgets' pictures as they are now."""

import functools

from jupyter_client.session import Session

PRESENT = "application/vnd.course.pictures+json"
ASKED = "__import__('sys').modules['helpers.widgets.picture'].Present({})"
READY_WITHIN = 0.25  # seconds; an idle kernel answers in a hundredth
DRAWN_WITHIN = 2  # seconds; a picture takes up to one


async def present_pictures(kernel, model_ids: list[str]) -> dict[str, tuple]:
    """Ask a kernel that is idle; one that runs a cell would answer after it.

    The requests are silent: no cell runs by them and no number is counted.

    Parameters
    ----------
    kernel : its manager, as the server has it.
    model_ids : names of widgets, as the page knows them.

    Returns
    -------
    model_id -> data and metadata by media type, of those widgets that the kernel knows.

    Raises
    ------
    TimeoutError : no answer in time.
    """
    idle = getattr(kernel, "execution_state", None) == "idle"
    if not idle or not await kernel.is_alive():
        return {}
    # A session of its own: a kernel answers the last of those who bear the same name.
    ours = Session(config=kernel.session.config, key=kernel.session.key)
    client = kernel.client(session=ours)
    client.start_channels(shell=True, iopub=False, stdin=False, hb=False, control=False)
    ask = functools.partial(
        client.execute, "", silent=True, store_history=False, reply=True
    )
    try:
        await ask(timeout=READY_WITHIN)  # what the server has noted may be old
        asked = {"present": ASKED.format(model_ids)}
        reply = await ask(user_expressions=asked, timeout=DRAWN_WITHIN)
    finally:
        client.stop_channels()
    # It has none where the course's widgets are unknown, or the kernel is no Python.
    expressions = reply["content"].get("user_expressions", {})
    return expressions.get("present", {}).get("data", {}).get(PRESENT, {})
