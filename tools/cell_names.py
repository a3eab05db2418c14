"""A plugin of pytest: cells of a notebook are named by their id and shown number.

nbval calls the fourth code cell "Cell 3". Here it is "softmax-code, In [4]", as the
notebook shows it, in what pytest says and in its report.
"""

import pytest


def _is_cell(item) -> bool:
    return (
        type(item).__name__ == "IPyNbCell"
    )  # nbval must not be imported before pytest


def _named(item):
    """Return nbval's test of a cell anew, under a name that its reader finds."""
    number = item.cell.get("execution_count") or " "
    named = type(item).from_parent(
        item.parent,
        name=f"{item.cell.get('id', item.name)}, In [{number}]",
        cell_num=item.cell_num,
        cell=item.cell,
        options=item.options,
    )
    named.reportinfo = lambda: (named.path, 0, named.nodeid)
    return named


@pytest.hookimpl(tryfirst=True)
def pytest_make_collect_report(collector):
    """Let a notebook give its cells under their names."""
    if type(collector).__name__ == "IPyNbFile":
        collect = collector.collect
        collector.collect = lambda: [_named(item) for item in collect()]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item):
    """Name the cell in nbval's own words on a failure, too."""
    report = yield
    if _is_cell(item) and isinstance(report.longrepr, str):
        by_number = f"Cell {item.cell_num}: "
        report.longrepr = report.longrepr.replace(by_number, f"{item.name}: ")
    return report
