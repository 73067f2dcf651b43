"""The state of the data that an answer shows, as tokens in a file that all processes of a machine share.

A writer replaces a token by a random one before its first write, and holds a shared lock on the file until its commit
is done. A reader that notes the tokens while nobody holds the lock, and reads the data afterwards, has an answer that
is right for as long as the tokens stay: a later commit has changed them before. The lock of a process that dies is
released, and its token stays, so nothing has to be repaired.
"""

import os
from fcntl import LOCK_EX, LOCK_NB, LOCK_SH, flock
from functools import cached_property
from mmap import ACCESS_READ, mmap
from pathlib import Path

TOKEN = 8
# Where the two tokens stand. Every answer depends on the first, the second changes with frequent writes.
CONTENT, FREQUENT = 0, TOKEN
BOTH = 2 * TOKEN


class Revision:
    """The tokens of one file, which is made if it is missing."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @cached_property
    def mapped(self) -> mmap:
        with os.fdopen(self.open(), "rb") as file:
            return mmap(file.fileno(), BOTH, access=ACCESS_READ)

    def tokens(self) -> bytes:
        """The current tokens. Cheap enough for every request."""
        return self.mapped[:]

    def note(self) -> bytes | None:
        """The tokens for an answer that is about to be read; None while somebody changes the data."""
        with os.fdopen(self.open(), "rb") as file:
            try:
                flock(file, LOCK_EX | LOCK_NB)
            except BlockingIOError:
                return None
            return self.tokens()

    def open(self) -> int:
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o666)
        if os.fstat(descriptor).st_size < BOTH:
            os.ftruncate(descriptor, BOTH)
        return descriptor


class Change:
    """A change of the data that goes on until `end`, or until nothing refers to it any more."""

    def __init__(self, revision: Revision) -> None:
        self.descriptor: int | None = revision.open()
        self.announced: set[int] = set()
        flock(self.descriptor, LOCK_SH)

    def announce(self, token: int) -> None:
        """Replace the token, once for each change."""
        assert self.descriptor is not None
        if token not in self.announced:
            self.announced.add(token)
            os.pwrite(self.descriptor, os.urandom(TOKEN), token)

    def end(self) -> None:
        if self.descriptor is not None:
            os.close(self.descriptor)
            self.descriptor = None

    __del__ = end
