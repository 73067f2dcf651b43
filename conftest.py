"""How the tests are run: what is left out and which take long, both told at the end, and a frugal interpreter."""

import gc
import os
from collections.abc import Iterator
from typing import Any

import pytest

# A slow test that is not marked as one is listed from this CPU time on, its child processes included.
SLOW_SECONDS = 1.0
MOST_LISTED = 10
# Takes minutes in which it mostly waits. It runs first, beside the others, so that no worker waits for it at the end.
LONGEST = "tests/cluster/"
LEFT_OUT = pytest.StashKey[int]()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what uses the database, so that `-m database` leaves out what would only be done again on another one.

    The longest test comes first.
    """
    for item in items:
        if "django_db_setup" in item.fixturenames or item.get_closest_marker("django_db"):  # type: ignore[attr-defined]
            item.add_marker("database")
    items.sort(key=lambda item: not item.nodeid.startswith(LONGEST))


def pytest_deselected(items: list[pytest.Item]) -> None:
    stash = items[0].config.stash
    stash[LEFT_OUT] = stash.get(LEFT_OUT, 0) + len(items)


def pytest_collection_finish(session: pytest.Session) -> None:
    # What there is by now stays, so that no collection looks at it again. A test's own garbage is mostly not in cycles.
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
    if hasattr(session.config, "workeroutput"):  # this is a worker of pytest-xdist
        session.config.workeroutput["left_out"] = session.config.stash.get(LEFT_OUT, 0)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take over the number from a worker of pytest-xdist. All of them have collected the same tests."""
    if hasattr(node, "workeroutput"):  # it has not crashed
        node.config.stash[LEFT_OUT] = node.workeroutput.get("left_out", 0)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    before = cpu_seconds()
    yield
    if not item.get_closest_marker("slow"):
        item.user_properties.append(("CPU seconds", cpu_seconds() - before))


def cpu_seconds() -> float:
    """Return the CPU time of this process and of its children that have ended."""
    return sum(os.times()[:4])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    took = {
        report.nodeid: dict(report.user_properties).get("CPU seconds", 0.0)
        for outcome in ("passed", "failed")
        for report in terminalreporter.stats.get(outcome, ())
    }
    slow = sorted((name for name in took if took[name] >= SLOW_SECONDS), key=took.__getitem__, reverse=True)
    for name in slow[:MOST_LISTED]:
        terminalreporter.write_line(f"{took[name]:.1f} s of CPU, and not marked as slow: {name}")
    if left_out := config.stash.get(LEFT_OUT, 0):
        chosen = {"-m": config.option.markexpr, "-k": config.option.keyword}
        options = " and ".join(f"{option} '{text}'" for option, text in chosen.items() if text)
        terminalreporter.write_line(f"{left_out} tests are left out by {options}. make check runs them all.")


# CPython 3.11 keeps the frames of calls in chunks of 16 KB, and gives a chunk back to the system once it is empty. A
# loop whose calls cross the end of a chunk then asks the system for memory at each call, thousands of times a second.
# This frame asks for 512 KB, and so gets a chunk in which the frames of all calls below it find room.
pytest.Function.runtest.__code__ = pytest.Function.runtest.__code__.replace(co_stacksize=2**16)
