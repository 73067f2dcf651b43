"""The effect of SQL statements on kept answers: which answers a write outdates, and what a read makes them depend on.

A statement that is not understood outdates every answer. So an omission here costs a miss, never a wrong answer.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, NamedTuple

from packages.answer_cache.keeper import CONTENT, FREQUENT

# The package's own table, which is written where a keeper is lost.
OUTAGES = "answer_cache_outage"
WORD = re.compile(r"\w+")
# Statements that only read, unless they also contain a change.
READ = re.compile(r"[\s(]*(?:select|with|values)\b")
CONTROL = re.compile(r"\s*(?:begin|commit|rollback|savepoint|release)\b[^;]*;?\s*")
# A row lock (`FOR UPDATE`) is not a change.
UPDATE = re.compile(r"(?<!for )(?<!key )\bupdate\b")
CHANGING = {"into", "insert", "delete", "merge"}
CALLED = re.compile(r'(?:from|join|lateral)\s+"?([\w.]+)"?\s*\(')
CALL = re.compile(r"(?<![\w.])(\w+)\(")
# Functions of PostgreSQL that tell how far its log is written and replayed. They read no table.
POSITIONS = {"pg_current_wal_flush_lsn", "pg_is_in_recovery", "pg_last_wal_replay_lsn", "pg_wal_lsn_diff"}
# Set-returning functions of SQLite and PostgreSQL that only read.
READING = {
    *(
        "generate_series",
        "json_array_elements",
        "json_each",
        "json_each_text",
        "json_tree",
        "jsonb_array_elements",
    ),
    *("jsonb_each", "jsonb_each_text", "jsonb_to_recordset", "regexp_split_to_table", "ts_stat", "unnest"),
}
STAR = re.compile(r"(?:select|distinct|all|,|\.)\s*\*")
# A statement that changes exactly one table: its verb, its table, and the rest.
CHANGE = re.compile(
    r'\s*(?P<verb>insert(?: or \w+)? into|replace into|update|delete from)\s+"?(?P<table>\w+)"?(?![\w."])(?P<rest>.*)',
    re.DOTALL,
)
SET = re.compile(r"\s+set\s(.*)", re.DOTALL)
NESTED = re.compile(r"\([^()]*\)")
ASSIGNMENT = re.compile(r'\s*"?(\w+)"?\s*=')
# Signs of literal text, which may hide a bracket or a comma. With them the columns cannot be parsed.
OPAQUE = ("'", "--", "/*", "$$")
# LRU cache of statements, which plans and the ORM repeat. Longer statements are parsed each time. At most 2 MB.
MAX_KNOWN = 500
MAX_KNOWN_CHARACTERS = 4_000


class Effect(NamedTuple):
    """The effect of a statement on kept answers.

    `outdates` is the token that the statement changes, or None if no kept answer shows what it writes. An answer that
    reads by a `private` statement is not kept. One that reads by a `frequent` statement also depends on FREQUENT.
    """

    outdates: int | None = None
    private: bool = False
    frequent: bool = False


UNKNOWN = Effect(outdates=CONTENT, private=True)


class Tables:
    """The private and the frequent tables, each as `table`, or as `table.column` for one column.

    A write to a `private` table outdates no answer, because no kept answer shows it. A write to a `frequent` table
    outdates only answers that show it. A write to any other table outdates all answers.
    """

    def __init__(self, *, private: Iterable[str], frequent: Iterable[str]) -> None:
        self.private = by_table([*private, OUTAGES])
        self.frequent = by_table(frequent)
        self.known = lru_cache(maxsize=MAX_KNOWN)(self.understand)

    def effect(self, sql: Any) -> Effect:
        """Return the effect of the statement."""
        if not isinstance(sql, str):
            return UNKNOWN  # an object of the database's driver
        return self.known(sql) if len(sql) <= MAX_KNOWN_CHARACTERS else self.understand(sql)

    def understand(self, sql: str) -> Effect:
        sql = sql.lower()
        if CONTROL.fullmatch(sql):
            return Effect()
        if ";" in sql.rstrip("; \n"):
            return UNKNOWN
        words = set(WORD.findall(sql))
        if READ.match(sql):
            return self.understand_read(sql, words)
        return Effect(outdates=self.find_outdated(sql, words), private=True)

    def understand_read(self, sql: str, words: set[str]) -> Effect:
        changes = not words.isdisjoint(CHANGING) or ("update" in words and UPDATE.search(sql))
        if changes or calls_unknown(sql, words):
            return UNKNOWN
        star = STAR.search(sql) is not None
        return Effect(
            private=touches(self.private, words, star=star), frequent=touches(self.frequent, words, star=star)
        )

    def find_outdated(self, sql: str, words: set[str]) -> int | None:
        change = CHANGE.match(sql)
        if change is None or "with" in words:
            return CONTENT
        table = change["table"]
        private, frequent = self.private.get(table), self.frequent.get(table)
        if private == WHOLE:
            return None
        if frequent == WHOLE:
            return FREQUENT
        columns = find_assigned_columns(change["rest"]) if change["verb"] == "update" else None
        if columns is None:
            return CONTENT
        if columns <= (private or set()):
            return None
        return FREQUENT if columns <= (private or set()) | (frequent or set()) else CONTENT


# Stands for all columns of a table.
WHOLE: set[str] = set()


def by_table(names: Iterable[str]) -> dict[str, set[str]]:
    """Return the listed columns of each table; WHOLE for a table that is listed as a whole.

    Raises:
        ValueError: a name is not a table or a column, or a table is listed both as a whole and by column.
    """
    found: dict[str, set[str]] = {}
    for name in names:
        table, _, column = name.lower().partition(".")
        if not re.fullmatch(r"\w+", table) or (table in found and not (column and found[table])):
            raise ValueError(f"Not a table or a column, or its table is already listed as a whole: {name!r}.")
        found.setdefault(table, set()).update([column] if column else [])
    return found


def touches(tables: dict[str, set[str]], words: set[str], *, star: bool) -> bool:
    return any(
        table in words and (columns == WHOLE or star or not columns.isdisjoint(words))
        for table, columns in tables.items()
    )


def calls_unknown(sql: str, words: set[str]) -> bool:
    """Whether the statement calls a function that may write, as a source of rows or on its own."""
    if "from" not in words:
        return sql.count("(") != sum(name in POSITIONS for name in CALL.findall(sql))
    return any(name not in READING for name in CALLED.findall(sql))


def find_assigned_columns(rest: str) -> set[str] | None:
    """Return the columns that an UPDATE assigns; None if they cannot be parsed."""
    found = SET.match(rest)
    if found is None or any(sign in rest for sign in OPAQUE):
        return None
    clause, nested = found[1], 1
    while nested:
        clause, nested = NESTED.subn("", clause)
    parts = [ASSIGNMENT.match(part) for part in re.split(r"\bwhere\b", clause, maxsplit=1)[0].split(",")]
    return {part[1] for part in parts if part} if all(parts) else None
