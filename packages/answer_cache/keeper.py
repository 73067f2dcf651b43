"""The interface of a keeper: the place where all processes find the tokens of the data."""

from typing import Protocol

TOKEN = 8
# The offsets of the two tokens. Every answer depends on the first one. Frequent writes change only the second one.
CONTENT, FREQUENT = 0, TOKEN
BOTH = 2 * TOKEN


class Change(Protocol):
    """A change of the data by one transaction or statement. One that is garbage-collected was rolled back."""

    @property
    def ended(self) -> bool: ...

    def announce(self, token: int) -> None:
        """Replace the token before the data is changed."""

    def end(self) -> None:
        """Say that the change is committed. From then on no answer from before is served, or the promise is broken."""


class Keeper(Protocol):
    """The tokens of the data. FREQUENT's come last, and all that is before them belongs to CONTENT."""

    def tokens(self) -> bytes | None:
        """Return the current tokens; None if they are not known. It is called for every request."""

    def note(self) -> bytes | None:
        """Return the tokens for an answer that is about to be read; None if it must not be kept."""

    def change(self) -> Change:
        """Begin a change of the data."""
