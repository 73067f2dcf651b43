"""A watcher of every statement on every database connection. It announces changes and notes an answer's reads."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any
from weakref import ref

from django.db.backends.utils import CursorDebugWrapper, CursorWrapper

from packages.answer_cache.keeper import CONTENT, Change, Keeper
from packages.answer_cache.tables import Effect, Tables

# Methods of the drivers' cursors that bypass Django's execute wrappers.
BYPASSES = ("copy", "copy_expert", "copy_from", "executescript", "stream")


class Reads:
    """The reads of one answer's statements."""

    def __init__(self) -> None:
        self.private = False
        self.frequent = False

    def add(self, effect: Effect) -> None:
        self.private |= effect.private
        self.frequent |= effect.frequent


_reads: ContextVar[Reads | None] = ContextVar("reads", default=None)


@contextmanager
def note_reads() -> Iterator[Reads]:
    """Note the reads of the statements within the block."""
    reads = Reads()
    token = _reads.set(reads)
    try:
        yield reads
    finally:
        _reads.reset(token)


class Watcher:
    """Watches database connections. `tables` give the effect of each statement.

    `current` returns the keeper to which changes are announced, or None if no answers are kept.
    """

    def __init__(self, tables: Tables, current: Callable[[], Keeper | None]) -> None:
        self.tables = tables
        self.current = current

    def watch(self, connection: Any, **_: Any) -> None:
        """Watch the connection. Receives the signal `connection_created`."""
        if self.look in connection.execute_wrappers:
            return
        # It goes first in the list. A wrapper around the statement that connects removes the last one as its own.
        connection.execute_wrappers.insert(0, self.look)
        connection.make_cursor = lambda cursor: WatchedCursor(cursor, connection, self)
        connection.make_debug_cursor = lambda cursor: WatchedDebugCursor(cursor, connection, self)

    def look(
        self, execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: dict[str, Any]
    ) -> Any:
        """Announce what a statement changes, and run it. This is an execute wrapper of the connection."""
        keeper = self.current()
        if keeper is None:
            return execute(sql, params, many, context)
        effect = self.tables.effect(sql)
        if reads := _reads.get():
            reads.add(effect)
        if effect.outdates is None:
            return execute(sql, params, many, context)
        change = self.announce(context["connection"], keeper, effect.outdates)
        try:
            return execute(sql, params, many, context)
        finally:
            if not context["connection"].in_atomic_block:
                change.end()

    def announce(self, connection: Any, keeper: Keeper, token: int) -> Change:
        """Announce a change of the token. It belongs to the transaction; without one, the caller must end it."""
        change = change_of(connection, keeper) if connection.in_atomic_block else keeper.change()
        change.announce(token)
        return change


def change_of(connection: Any, keeper: Keeper) -> Change:
    """Return the transaction's change. The commit ends it. A rollback drops it with the other commit hooks."""
    known: ref[Change] | None = getattr(connection, "answer_cache_change", None)
    change = known() if known else None
    if change is None or change.ended:
        change = keeper.change()
        connection.answer_cache_change = ref(change)
        connection.on_commit(change.end)
    return change


class Watched:
    """A cursor that announces calls that bypass the execute wrappers. Its change lasts as long as the cursor."""

    db: Any
    change: Change | None = None

    def __init__(self, cursor: Any, connection: Any, watcher: Watcher) -> None:
        super().__init__(cursor, connection)  # type: ignore[call-arg]  # Django's cursor comes next
        self.watcher = watcher

    def __getattr__(self, name: str) -> Any:
        if name in BYPASSES:
            self.announce()
        return super().__getattr__(name)  # type: ignore[misc]

    def close(self) -> None:
        self.cursor.close()
        self.finish()

    def finish(self) -> None:
        """End the change of the last call. In a transaction, its commit does that."""
        if self.change and not self.db.in_atomic_block:
            self.change.end()

    def callproc(self, *arguments: Any) -> Any:
        self.announce()
        return super().callproc(*arguments)  # type: ignore[misc]

    def announce(self) -> None:
        if reads := _reads.get():
            reads.private = True
        if keeper := self.watcher.current():
            self.finish()
            self.change = self.watcher.announce(self.db, keeper, CONTENT)


class WatchedCursor(Watched, CursorWrapper):
    pass


class WatchedDebugCursor(Watched, CursorDebugWrapper):
    pass
