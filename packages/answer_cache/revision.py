"""Which state of the public data an answer shows, in a file that all processes of a machine share.

Whoever changes public data writes a token that never was before, and from then until the commit is done holds a
shared lock on the file. Who notes the tokens while nobody holds it, and reads the data then, has an answer that is
right for as long as the tokens stay: what is committed later changes them first. A process that dies lets go of its
lock, and its token stands; so nothing has to be put in order after it.
"""

import os
import re
from collections.abc import Callable
from fcntl import LOCK_EX, LOCK_NB, LOCK_SH, flock
from functools import cached_property
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import Any
from weakref import ref

from django.conf import settings
from django.db import transaction

TOKEN = 8
# The first token changes with the catalogue; the second with every sale.
CATALOGUE, SALES = 0, TOKEN
# In the order of the tables, what an answer to anyone may show of them.
WRITES = re.compile(
    r'\b(?:INTO|UPDATE|DELETE FROM|TRUNCATE)\s+"?(?:'
    r"(?P<catalogue>catalog_category|catalog_product|reviews_comment|accounts_profile)"
    r'|(?P<sales>orders_order|orders_orderitem))"?(?=\W|$)',
    re.IGNORECASE,
)
ASSIGNED = re.compile(r'(?:\bSET|,) "?(\w+)"? = ')
SOLD = {"stock", "sold_count", "held"}


class Revision:
    """The tokens of one file; made where there is none."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @cached_property
    def mapped(self) -> mmap:
        with os.fdopen(self.opened(), "rb") as file:
            return mmap(file.fileno(), 2 * TOKEN, access=ACCESS_READ)

    def tokens(self) -> bytes:
        """Those of now; cheap enough to look at them for every request."""
        return self.mapped[:]

    def noted(self) -> bytes | None:
        """The tokens for an answer that is about to be read; None while somebody changes the data."""
        with os.fdopen(self.opened(), "rb") as file:
            try:
                flock(file, LOCK_EX | LOCK_NB)
            except BlockingIOError:
                return None
            return self.tokens()

    def opened(self) -> int:
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o666)
        if os.fstat(descriptor).st_size < 2 * TOKEN:
            os.ftruncate(descriptor, 2 * TOKEN)
        return descriptor


class Change:
    """A change of public data that is going on, until `end` or until it is let go of."""

    def __init__(self, revision: Revision) -> None:
        self.descriptor: int | None = revision.opened()
        self.topics: set[int] = set()
        flock(self.descriptor, LOCK_SH)

    def add(self, topic: int) -> None:
        assert self.descriptor is not None
        if topic not in self.topics:
            self.topics.add(topic)
            os.pwrite(self.descriptor, os.urandom(TOKEN), topic)

    def end(self) -> None:
        if self.descriptor is not None:
            os.close(self.descriptor)
            self.descriptor = None

    __del__ = end


def watch(connection: Any, **_: Any) -> None:
    """Let every write of public data by this connection be told: for the signal `connection_created`."""
    if note_write not in connection.execute_wrappers:
        # The first of them: whoever else wraps the statement that connects takes the last away again, as their own.
        connection.execute_wrappers.insert(0, note_write)


def note_write(
    execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]
) -> Any:
    topic = None if sql.startswith("SELECT") else topic_of(sql)
    revision = current()
    if topic is None or revision is None:
        return execute(sql, params, many, context)
    connection = context["connection"]
    if connection.in_atomic_block:
        going_on(connection, revision).add(topic)
        return execute(sql, params, many, context)
    change = Change(revision)
    try:
        change.add(topic)
        return execute(sql, params, many, context)
    finally:
        change.end()


def going_on(connection: Any, revision: Revision) -> Change:
    """The transaction's change: ended by the commit, and let go of by a rollback, which drops what waits for it."""
    known: ref[Change] | None = getattr(connection, "public_change", None)
    change = known() if known else None
    if change is None or change.descriptor is None:
        change = Change(revision)
        connection.public_change = ref(change)
        transaction.on_commit(change.end, using=connection.alias)
    return change


def topic_of(sql: str) -> int | None:
    """Which token a statement changes; of two the first, on which every answer depends."""
    found = None
    for write in WRITES.finditer(sql):
        table = write["catalogue"]
        if table and not (table == "catalog_product" and is_sale(sql)):
            return CATALOGUE
        found = SALES
    return found


def is_sale(sql: str) -> bool:
    """Whether an UPDATE of products assigns to nothing but what every order changes."""
    assigned = set(ASSIGNED.findall(sql))
    return bool(assigned) and assigned <= SOLD


_current: dict[Path, Revision] = {}


def current() -> Revision | None:
    """That of the settings; None where no answers are kept."""
    if not settings.STORE_ANSWER_CACHE:
        return None
    path = settings.STORE_REVISION_FILE
    if path not in _current:
        _current[path] = Revision(path)
    return _current[path]
