"""Installation of the search index: what is missing is found, reported and made."""

import logging
from collections.abc import Iterable, Iterator, Sequence
from hashlib import md5
from typing import Any

from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from catalog import analysis
from catalog.models import Product
from catalog.search.index import postgresql, sqlite
from catalog.search.index.parts import ANALYSIS, VALUE_TEXT, Keeper, Part

logger = logging.getLogger(__name__)

# Products that are locked and rewritten at a time, for a fifth of a second.
BATCH = 200
# The same where only their rows elsewhere are compared.
MENDED_AT_ONCE = 1_000
LAST_KEY = 2**63 - 1
SEARCH = {"sqlite": sqlite.SEARCH, "postgresql": postgresql.SEARCH}
KEEPERS = {"sqlite": sqlite.KEEPERS, "postgresql": postgresql.KEEPERS}
PARTS = {
    vendor: (ANALYSIS, *SEARCH[vendor], *(part for keeper in keepers for part in keeper.parts))
    for vendor, keepers in KEEPERS.items()
}

# The kind and name of each object, and the mark of its definition. SQLite keeps the statement itself; on PostgreSQL
# `install` leaves a comment. A disabled trigger and an invalid index count as missing.
PRESENT = {
    "sqlite": "SELECT upper(type), name, sql FROM sqlite_master",
    "postgresql": """
        SELECT
            CASE relkind WHEN 'r' THEN 'TABLE' WHEN 'v' THEN 'VIEW' ELSE 'INDEX' END, relname,
            obj_description(pg_class.oid, 'pg_class')
        FROM pg_class LEFT JOIN pg_index ON indexrelid = pg_class.oid
        WHERE relname LIKE 'catalog%' AND relkind IN ('r', 'v', 'i') AND pg_table_is_visible(pg_class.oid)
            AND indisvalid IS NOT FALSE
        UNION ALL SELECT 'FUNCTION', proname, obj_description(oid, 'pg_proc')
        FROM pg_proc WHERE proname LIKE 'catalog%' AND pg_function_is_visible(oid)
        UNION ALL SELECT 'TRIGGER', tgname, obj_description(oid, 'pg_trigger')
        FROM pg_trigger WHERE tgrelid = to_regclass('catalog_product') AND tgenabled IN ('O', 'A')
        UNION ALL SELECT 'EXTENSION', extname, NULL FROM pg_extension
    """,
}
PRODUCTS = ("TABLE", "catalog_product")
UPDATE_VALUE_TEXTS = {
    vendor: f"UPDATE catalog_product SET value_text = {text} WHERE id BETWEEN %s AND %s AND value_text <> {text}"
    for vendor, text in VALUE_TEXT.items()
}

_reported: set[str] = set()


def install(connection: BaseDatabaseWrapper) -> None:
    """Make what is missing or out of date, and make good what that may have missed: nothing records what was written.

    Search itself is rebuilt from all names and descriptions. If only the texts are of another analysis, it rewrites
    them. The other parts each mend their own rows. Without a table of products, as after `migrate catalog zero`, it
    removes everything.

    Locks:
        On PostgreSQL, searches and writes of products wait until search is rebuilt. Other reads go on. While texts are
        rewritten or rows mended, only writes of a batch of products wait.
    """
    known = read_marks(connection)
    if PRODUCTS not in known:
        remove(connection)
        return
    drop_leftovers(connection, list_leftovers(connection, known))
    faulty = {name for name, _ in list_faults(connection)}
    # After a migration backwards the tables are those of an older version, which installs its own parts.
    if all(("TABLE", keeper.table) in known for keeper in KEEPERS[connection.vendor]):
        for keeper in KEEPERS[connection.vendor]:
            if keeper.names & faulty:
                restore(connection, keeper)
    if any(part.name in faulty for part in SEARCH[connection.vendor]):
        rebuild(connection)
    elif ANALYSIS.name in faulty:
        for _ in reindex(connection):
            pass


def rebuild(connection: BaseDatabaseWrapper) -> None:
    """Make search again from all names and descriptions."""
    with transaction.atomic(using=connection.alias):
        silence_triggers(connection)
        for _ in rewrite_texts(connection):
            pass
        make(connection, (ANALYSIS, *SEARCH[connection.vendor]))


def restore(connection: BaseDatabaseWrapper, keeper: Keeper) -> None:
    """Make the parts of the keeper, then mend what they may have missed.

    On PostgreSQL they are marked last, so that an interrupted `migrate` begins again.

    Locks:
        On PostgreSQL, the products: for a moment all of them against writes, then a batch at a time.
    """
    using = connection.alias
    if connection.vendor == "sqlite":
        with transaction.atomic(using=using):
            drop(connection, keeper.parts, kinds=("TRIGGER",))
            create(connection, keeper.parts)
            mend(connection, keeper, first=0, last=LAST_KEY)
        return
    with transaction.atomic(using=using):
        create(connection, keeper.parts)
        mark(connection, keeper.parts, as_made=False)
    products = Product._base_manager.using(using).order_by("pk").select_for_update(of=("self",))
    last = 0
    while last < LAST_KEY:
        with transaction.atomic(using=using):
            keys = list(products.filter(pk__gt=last).values_list("pk", flat=True)[:MENDED_AT_ONCE])
            until = (
                keys[-1] if keys else LAST_KEY
            )  # the last of them also mends what is left of deleted products
            mend(connection, keeper, first=last + 1, last=until)
            last = until
    with transaction.atomic(using=using):
        mark(connection, keeper.parts)


def mend(connection: BaseDatabaseWrapper, keeper: Keeper, *, first: int, last: int) -> None:
    with connection.cursor() as cursor:
        for statement in keeper.mends:
            cursor.execute(statement.format(first=first, last=last))


def reindex(connection: BaseDatabaseWrapper) -> Iterator[int]:
    """Write all search texts as the current analysis does, while the shop runs, and yield the size of each batch.

    The triggers update the index with each text.
    """
    yield from rewrite_texts(connection)
    with transaction.atomic(using=connection.alias):
        make(connection, [ANALYSIS])


def misses_products(fault: str) -> bool:
    """Return whether something is at fault that keeps the index in step, and not only the analysis."""
    return str(ANALYSIS) not in fault


def find_faults(connection: BaseDatabaseWrapper) -> list[str]:
    """List what is missing, out of date or left over, such as "trigger catalog_product_inserted is missing"."""
    return [fault for _, fault in list_faults(connection)]


def list_faults(connection: BaseDatabaseWrapper) -> list[tuple[str, str]]:
    """List the same, each with the name of the part."""
    known = read_marks(connection)
    if PRODUCTS not in known:  # before the first migration
        return []
    faults = []
    for part in PARTS[connection.vendor]:
        key = (part.kind, part.name)
        if key not in known:
            faults.append((part.name, f"{part} is missing"))
        elif known[key] != compute_mark(part, connection.vendor):
            faults.append((part.name, f"{part} is out of date"))
    return faults + [(name, f"trigger {name} is left over") for name in list_leftovers(connection, known)]


def report_faults(connection: BaseDatabaseWrapper, **_: Any) -> None:
    """Log an error if the index is incomplete when a process first connects. Receives `connection_created`."""
    if connection.alias not in _reported:
        _reported.add(connection.alias)
        if faults := find_faults(connection):
            logger.error("Search or lists may miss products: %s. Run manage.py migrate.", "; ".join(faults))


def read_marks(connection: BaseDatabaseWrapper) -> dict[tuple[str, str], str | None]:
    with connection.cursor() as cursor:
        cursor.execute(PRESENT[connection.vendor])
        return {(kind, name): definition for kind, name, definition in cursor.fetchall()}


def compute_mark(part: Part, vendor: str) -> str | None:
    if vendor == "sqlite":
        return part.create
    return None if part.kind == "EXTENSION" else md5(part.create.encode(), usedforsecurity=False).hexdigest()


def list_leftovers(connection: BaseDatabaseWrapper, known: Iterable[tuple[str, str]]) -> list[str]:
    """Return the names of triggers of other versions. A trigger with another prefix is not ours."""
    ours = {part.name for part in PARTS[connection.vendor]}
    return [
        name for kind, name in known if kind == "TRIGGER" and name.startswith("catalog_") and name not in ours
    ]


def drop_leftovers(connection: BaseDatabaseWrapper, names: Iterable[str]) -> None:
    """Drop the triggers of other versions.

    Locks:
        On PostgreSQL, the products, against reads too.
    """
    place = " ON catalog_product" if connection.vendor == "postgresql" else ""
    with connection.cursor() as cursor:
        for name in names:
            cursor.execute(f"DROP TRIGGER {name}{place}")


def silence_triggers(connection: BaseDatabaseWrapper) -> None:
    """Keep the triggers of search from running until they are rebuilt.

    Locks:
        On PostgreSQL, the products against writes, which the new index would miss.
    """
    present = read_marks(connection)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("LOCK TABLE catalog_product IN SHARE ROW EXCLUSIVE MODE")
        for part in SEARCH[connection.vendor]:
            if part.kind == "TRIGGER" and (part.kind, part.name) in present:
                cursor.execute(
                    f"DROP TRIGGER {part.name}"
                    if connection.vendor == "sqlite"
                    else f"ALTER TABLE catalog_product DISABLE TRIGGER {part.name}"
                )


def rewrite_texts(connection: BaseDatabaseWrapper) -> Iterator[int]:
    """Update each `search_text` and `value_text` that would be written differently now. Yield the size of each batch.

    Locks: the products of a batch, in order of primary key, so that no text is of a name that has changed meanwhile.
    """
    products = Product._base_manager.using(connection.alias).order_by("pk").select_for_update(of=("self",))
    columns = ("pk", "name", "description", "search_text")
    last = 0
    while True:
        with transaction.atomic(using=connection.alias):
            batch = list(products.filter(pk__gt=last).values_list(*columns)[:BATCH])
            texts = [
                (text, pk)
                for pk, name, description, before in batch
                if (text := analysis.search_text(name=name, description=description)) != before
            ]
            with connection.cursor() as cursor:
                cursor.executemany("UPDATE catalog_product SET search_text = %s WHERE id = %s", texts)
                if batch:
                    cursor.execute(UPDATE_VALUE_TEXTS[connection.vendor], [batch[0][0], batch[-1][0]])
        if not batch:
            return
        last = batch[-1][0]
        yield len(batch)


def make(connection: BaseDatabaseWrapper, parts: Sequence[Part]) -> None:
    """Make and fill the parts. Dropping the tables drops their indexes; functions and triggers are replaced.

    On PostgreSQL, dropping a trigger would lock out all readers, and deadlock with a search that waits for the table.
    """
    drop(connection, parts, kinds=("VIEW", "TABLE"))
    create(connection, parts)
    if connection.vendor == "postgresql":
        mark(connection, parts)


def create(connection: BaseDatabaseWrapper, parts: Sequence[Part]) -> None:
    """Create the parts in their order, and fill the tables."""
    with connection.cursor() as cursor:
        for part in parts:
            cursor.execute(part.create)
            if part.fill:
                cursor.execute(part.fill)


def mark(connection: BaseDatabaseWrapper, parts: Sequence[Part], *, as_made: bool = True) -> None:
    """Comment the parts on PostgreSQL with the marks of their definitions, or take the comments away."""
    with connection.cursor() as cursor:
        for part in parts:
            if comment := compute_mark(part, connection.vendor):
                place = f"{part.name} ON catalog_product" if part.kind == "TRIGGER" else part.name
                text = f"'{comment}'" if as_made else "NULL"
                cursor.execute(f"COMMENT ON {part.kind} {place} IS {text}")


def remove(connection: BaseDatabaseWrapper) -> None:
    """Drop what outlives the table of products. The extension stays, because others may use it."""
    kinds = ("VIEW", "TABLE", "FUNCTION") if connection.vendor == "postgresql" else ("VIEW", "TABLE")
    drop(connection, PARTS[connection.vendor], kinds=kinds)


def drop(connection: BaseDatabaseWrapper, parts: Sequence[Part], *, kinds: Sequence[str]) -> None:
    with connection.cursor() as cursor:
        for kind in kinds:
            for part in reversed(parts):
                if part.kind == kind:
                    cursor.execute(f"DROP {kind} IF EXISTS {part.name}")
