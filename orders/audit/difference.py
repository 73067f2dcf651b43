"""A disagreement between two records."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Difference:
    """A disagreement between two records. `mend`, if there is one, resolves it without losing anything."""

    check: str
    subject: str
    detail: str
    mend: Callable[[], Any] | None = None
