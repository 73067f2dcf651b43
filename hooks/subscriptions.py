"""Which kinds of events somebody wants, remembered for a few seconds, so that a shop without endpoints pays nothing."""

from collections.abc import Collection
from time import monotonic
from typing import Any

from django.db.models.signals import post_delete, post_save

from hooks.models import Endpoint, Kind

# An endpoint that another process has changed is noticed after so long.
SECONDS = 5.0


class Wanted:
    """The kinds that active endpoints want, read again after SECONDS."""

    def __init__(self) -> None:
        self.kinds: Collection[str] = ()
        self.until = 0.0

    def remember(self, kinds: Collection[str], *, seconds: float = SECONDS) -> None:
        self.kinds, self.until = kinds, monotonic() + seconds

    def forget(self, **_: Any) -> None:
        self.until = 0.0

    def has(self, kind: Kind) -> bool:
        """Whether an active endpoint wants this kind; a statement every few seconds."""
        if monotonic() >= self.until:
            lists = Endpoint.objects.filter(is_active=True).values_list("kinds", flat=True)
            self.remember({name for names in lists for name in names})
        return kind in self.kinds


wanted = Wanted()


def connect() -> None:
    for signal in (post_save, post_delete):
        signal.connect(wanted.forget, sender=Endpoint)
