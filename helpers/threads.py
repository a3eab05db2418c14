"""With how many threads the course computes."""

import os

import joblib
import psutil


def num_threads() -> int:
    """``$COURSE_THREADS``, else ``$OMP_NUM_THREADS``, else half of the cores.

    Two threads on a busy two-core machine train at a fifth of the speed of one. Of the
    cores, those count that this process may use by its affinity and its cgroup's quota.

    Raises
    ------
    ValueError : COURSE_THREADS is not a whole number above 0.
    """
    chosen = os.environ.get("COURSE_THREADS")
    if chosen is not None:
        if not (chosen.isdecimal() and int(chosen) > 0):
            raise ValueError(
                f"COURSE_THREADS={chosen!r}: set it to 1, 2, ... or unset it"
            )
        return int(chosen)
    first = os.environ.get("OMP_NUM_THREADS", "").split(",")[0].strip()
    if first.isdecimal() and int(first) > 0:
        return int(first)
    physical = psutil.cpu_count(logical=False) or 2
    return max(1, min(physical // 2, joblib.cpu_count()))
