"""Deterministic races: another actor's step, slipped in right before a function."""

from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest


def slip_in(
    monkeypatch: pytest.MonkeyPatch, module: ModuleType, name: str, *, before: Callable[[], Any]
) -> None:
    """Let `before` happen right before the first call of `module.name`."""
    function = getattr(module, name)
    pending = [before]

    def late(*arguments: Any, **options: Any) -> Any:
        while pending:
            pending.pop()()
        return function(*arguments, **options)

    monkeypatch.setattr(module, name, late)
