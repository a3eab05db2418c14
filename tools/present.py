"""Asks a notebook's kernel for its widgets' pictures as they are now."""

from jupyter_client.session import Session

PRESENT = "application/vnd.course.pictures+json"
ASKED = "__import__('sys').modules['helpers.widgets.picture'].Present({})"
WAIT = 2  # seconds; one picture takes up to half of one


async def present_pictures(kernel, model_ids: list[str]) -> dict[str, tuple]:
    """Ask a kernel that is idle; one that runs a cell would answer after it.

    The request is silent: no cell runs by it, no number is counted, and a training
    in the background goes on.

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
    if getattr(kernel, "execution_state", None) != "idle":
        return {}
    # A session of its own: a kernel answers the last of those who bear the same name.
    ours = Session(config=kernel.session.config, key=kernel.session.key)
    client = kernel.client(session=ours)
    client.start_channels(shell=True, iopub=False, stdin=False, hb=False, control=False)
    try:
        asked = {"present": ASKED.format(model_ids)}
        request = {"silent": True, "store_history": False, "user_expressions": asked}
        reply = await client.execute("", **request, reply=True, timeout=WAIT)
    finally:
        client.stop_channels()
    # It has none where the course's widgets are unknown, or the kernel is no Python.
    expressions = reply["content"].get("user_expressions", {})
    return expressions.get("present", {}).get("data", {}).get(PRESENT, {})
