"""The revision of the data: random tokens in a file that all processes of a machine share.

A writer replaces a token before its first write, and holds a shared lock on the file until its commit is done. A reader
notes the tokens while nobody holds the lock, and then reads the data. Its answer is correct while the tokens stay the
same, because every later commit has changed them first. If a process dies, its lock is released and its new token
stays, so nothing has to be repaired.
"""

import os
from fcntl import LOCK_EX, LOCK_NB, LOCK_SH, flock
from functools import cached_property
from mmap import ACCESS_READ, mmap
from pathlib import Path

from packages.answer_cache.keeper import BOTH, TOKEN


class Revision:
    """The tokens of one file, which is created if it is missing."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @cached_property
    def mapped(self) -> mmap:
        with os.fdopen(self.open(), "rb") as file:
            return mmap(file.fileno(), BOTH, access=ACCESS_READ)

    def tokens(self) -> bytes:
        """Return the current tokens. This is cheap enough for every request."""
        return self.mapped[:]

    def note(self) -> bytes | None:
        """Return the tokens for an answer that is about to be read; None while a writer changes the data."""
        with os.fdopen(self.open(), "rb") as file:
            try:
                flock(file, LOCK_EX | LOCK_NB)
            except BlockingIOError:
                return None
            return self.tokens()

    def change(self) -> "FileChange":
        return FileChange(self)

    def open(self) -> int:
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o666)
        if os.fstat(descriptor).st_size < BOTH:
            os.ftruncate(descriptor, BOTH)
        return descriptor


class FileChange:
    """A change of the data, which lasts until `end` or until it is garbage-collected."""

    def __init__(self, revision: Revision) -> None:
        self.descriptor: int | None = revision.open()
        self.announced: set[int] = set()
        flock(self.descriptor, LOCK_SH)

    @property
    def ended(self) -> bool:
        return self.descriptor is None

    def announce(self, token: int) -> None:
        """Replace the token, once in each change."""
        assert self.descriptor is not None
        if token not in self.announced:
            self.announced.add(token)
            os.pwrite(self.descriptor, os.urandom(TOKEN), token)

    def end(self) -> None:
        if self.descriptor is not None:
            os.close(self.descriptor)
            self.descriptor = None

    __del__ = end
