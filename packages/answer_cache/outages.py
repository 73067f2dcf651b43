"""Writers that are cut off from the keeper tell the readers through the database, which they can reach: they commit."""

import os
from time import monotonic, sleep

from django.db import DatabaseError

from packages.answer_cache.keeper import TOKEN
from packages.answer_cache.models import Outage

ONLY = 1


class Outages:
    """The token of the table, which each reader reads again before it is `seconds` old."""

    def __init__(self, *, seconds: float) -> None:
        self.seconds = seconds
        self.known: tuple[bytes, float] = (b"", 0.0)

    def token(self) -> bytes | None:
        """Return the token as it was at most `seconds` ago; None if the database does not answer."""
        token, until = self.known
        began = monotonic()
        if began < until:
            return token
        try:
            token = bytes(
                Outage.objects.filter(pk=ONLY).values_list("token", flat=True).first() or bytes(TOKEN)
            )
        except DatabaseError:
            return None
        self.known = token, began + self.seconds
        return token

    def record(self, *, wait: bool) -> None:
        """Replace the token, and wait if asked until no reader trusts the one before.

        Raises:
            DatabaseError: the database does not answer, either. Nobody may be told that the change is committed.
        """
        Outage.objects.bulk_create(
            [Outage(pk=ONLY, token=os.urandom(TOKEN))],
            update_conflicts=True,
            update_fields=["token"],
            unique_fields=["id"],
        )
        if wait:
            sleep(self.seconds)
