"""Deterministic races: a step of somebody else's slipped in right before or after a function."""

from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest


def slip_in(
    monkeypatch: pytest.MonkeyPatch, module: ModuleType, name: str, *, before: Callable[[], Any]
) -> None:
    """The first call of `module.name` finds that `before` has happened a moment ago."""
    function = getattr(module, name)
    pending = [before]

    def late(*arguments: Any, **options: Any) -> Any:
        while pending:
            pending.pop()()
        return function(*arguments, **options)

    monkeypatch.setattr(module, name, late)
