"""Threads that start at the same moment, each with its own connections."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

from django.db import connections

from tests.orders.conftest import bank  # noqa: F401  # a fixture here too

Result = TypeVar("Result")


def at_once(*actions: Callable[[], Result]) -> list[Result]:
    """Run all actions in parallel, started together. Return the results in the order of the actions."""
    barrier = Barrier(len(actions))

    def run(action: Callable[[], Result]) -> Result:
        try:
            barrier.wait(timeout=30)
            return action()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(actions)) as pool:
        return list(pool.map(run, actions))
