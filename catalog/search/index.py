"""The search index: its tables, functions and triggers, which no model describes, and their installation.

Triggers keep the index in step with `catalog_product`, and so the copies of its columns that the values of attributes
have, however a product is written. A trigger is dropped with its
table, and SQLite remakes the table for most changes of a column. So the index is not part of a migration: `install`
runs after every `manage.py migrate`, and rebuilds the index if a part is missing or differs from its definition here.
If only the analysis is another, which a view records, the texts are rewritten while the shop runs.
"""

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import md5
from string import ascii_lowercase
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from catalog import analysis
from catalog.analysis import CATEGORY_MARK, MARK
from catalog.models import COPIED, Product
from catalog.search.query import IN_NAME, STRENGTHS

logger = logging.getLogger(__name__)

# Products that are locked and rewritten at a time, for a fifth of a second.
BATCH = 200
# The index rounds each strength down to one of the STRENGTHS, because each token in a query costs time. `search_text`
# keeps every strength, for the ranking.
STEPS = {
    letter: max(step for step in STRENGTHS if step <= letter)
    for letter in ascii_lowercase[: analysis.STEPS]
    if letter not in STRENGTHS
}


@dataclass(frozen=True, kw_only=True)
class Part:
    """A table, view, index, function, trigger or extension. The statement `fill` fills a table from the products."""

    kind: str
    name: str
    create: str
    fill: str = ""

    def __str__(self) -> str:
        return f"{self.kind.lower()} {self.name}"


# ── Copies ───────────────────────────────────────────────────────────────────

COPY = "UPDATE catalog_productvalue SET " + ", ".join(f"{column} = new.{column}" for column in COPIED)
COPY_ALL = f"""
    UPDATE catalog_productvalue SET {", ".join(f"{column} = product.{column}" for column in COPIED)}
    FROM catalog_product AS product WHERE product.id = product_id
"""
CHANGED = {
    "sqlite": " OR ".join(f"old.{column} <> new.{column}" for column in COPIED),
    "postgresql": " OR ".join(f"old.{column} IS DISTINCT FROM new.{column}" for column in COPIED),
}

# ── The analysis ─────────────────────────────────────────────────────────────

LANGUAGES = ",".join(settings.STORE_SEARCH_LANGUAGES)
# Records how the texts were written.
ANALYSIS = Part(
    kind="VIEW",
    name="catalog_search_analysis",
    create=f"CREATE VIEW catalog_search_analysis AS SELECT {analysis.VERSION} AS version, '{LANGUAGES}' AS languages",
)

# ── Texts ────────────────────────────────────────────────────────────────────


def build_text(row: str = "") -> str:
    """Return the SQL expression of what is indexed of a product, after a prefix such as "new.".

    The name of the category is not: its key is, so that a category of any size is renamed by writing one row.
    """
    return f"{row}search_text || ' {CATEGORY_MARK}' || {row}category_id || '{MARK}{IN_NAME}'"


# ── SQLite ───────────────────────────────────────────────────────────────────


def build_sqlite_tokens(text: str) -> str:
    """Return the SQL expression of the tokens, each with its step, for a SQL expression of a search text."""
    tokens = f"lower({text}) || ' '"
    for letter, step in STEPS.items():
        tokens = f"replace({tokens}, '§{letter} ', '§{step} ')"
    return tokens


def build_sqlite_words(text: str, *, source: str = "") -> str:
    """Return a statement that adds the words of a search text. A capital strength marks a stem, which is not a word."""
    return f"""
        INSERT OR IGNORE INTO catalog_word (word)
            SELECT substr(value, 1, instr(value, '§') - 1)
            FROM {source} json_each('["' || replace({text}, ' ', '","') || '"]')
            WHERE instr(value, '§') BETWEEN 4 AND 33 AND substr(value, -1) >= 'a'
    """


SQLITE = (
    Part(
        kind="TABLE",
        name="catalog_search",
        create="""CREATE VIRTUAL TABLE catalog_search USING fts5(
            tokens, content='', detail=none, columnsize=0, prefix='2 3', tokenize='ascii'
        )""",
        fill=f"""
            INSERT INTO catalog_search (rowid, tokens)
                SELECT id, {build_sqlite_tokens(build_text())} FROM catalog_product
        """,
    ),
    Part(
        kind="TABLE",
        name="catalog_search_term",
        create="CREATE VIRTUAL TABLE catalog_search_term USING fts5vocab(catalog_search, row)",
    ),
    # The words that typing errors are corrected to.
    Part(
        kind="TABLE",
        name="catalog_word",
        create="CREATE TABLE catalog_word (word text UNIQUE NOT NULL)",
        fill=build_sqlite_words("search_text", source="catalog_product,"),
    ),
    Part(
        kind="TABLE",
        name="catalog_word_trigram",
        create="CREATE VIRTUAL TABLE catalog_word_trigram USING fts5(word, tokenize='trigram')",
        fill="INSERT INTO catalog_word_trigram (word) SELECT '^^' || word || '$' FROM catalog_word",
    ),
    Part(
        kind="TRIGGER",
        name="catalog_word_inserted",
        create="""CREATE TRIGGER catalog_word_inserted AFTER INSERT ON catalog_word BEGIN
            INSERT INTO catalog_word_trigram (word) VALUES ('^^' || new.word || '$');
        END""",
    ),
    Part(
        kind="TRIGGER",
        name="catalog_product_inserted",
        create=f"""CREATE TRIGGER catalog_product_inserted AFTER INSERT ON catalog_product BEGIN
            INSERT INTO catalog_search (rowid, tokens) VALUES (new.id, {build_sqlite_tokens(build_text("new."))});
            {build_sqlite_words("new.search_text")};
        END""",
    ),
    Part(
        kind="TRIGGER",
        name="catalog_product_updated",
        create=f"""CREATE TRIGGER catalog_product_updated AFTER UPDATE OF search_text, category_id ON catalog_product
        WHEN old.search_text <> new.search_text OR old.category_id <> new.category_id BEGIN
            INSERT INTO catalog_search (catalog_search, rowid, tokens)
                VALUES ('delete', old.id, {build_sqlite_tokens(build_text("old."))});
            INSERT INTO catalog_search (rowid, tokens) VALUES (new.id, {build_sqlite_tokens(build_text("new."))});
            {build_sqlite_words("new.search_text")};
        END""",
    ),
    Part(
        kind="TRIGGER",
        name="catalog_product_deleted",
        create=f"""CREATE TRIGGER catalog_product_deleted AFTER DELETE ON catalog_product BEGIN
            INSERT INTO catalog_search (catalog_search, rowid, tokens)
                VALUES ('delete', old.id, {build_sqlite_tokens(build_text("old."))});
        END""",
    ),
    Part(
        kind="TRIGGER",
        name="catalog_product_copied",
        create=f"""CREATE TRIGGER catalog_product_copied AFTER UPDATE OF {", ".join(COPIED)} ON catalog_product
        WHEN {CHANGED["sqlite"]} BEGIN
            {COPY} WHERE product_id = new.id;
        END""",
        fill=COPY_ALL,
    ),
)

# ── PostgreSQL ───────────────────────────────────────────────────────────────


def build_postgresql_words(source: str) -> str:
    """Return a statement that adds the new words of the source's search texts.

    It inserts them in alphabetical order, so that two sellers with the same new words cannot deadlock.
    """
    return f"""
        INSERT INTO catalog_word
            SELECT word FROM (
                SELECT DISTINCT left(token, -2) COLLATE "default" AS word
                FROM (
                    SELECT DISTINCT unnest(string_to_array(search_text, ' ')) COLLATE "C" AS token FROM {source}
                ) AS tokens
                WHERE token LIKE '___%§_' AND length(token) <= 34 AND right(token, 1) >= 'a'
            ) AS words
            WHERE NOT EXISTS (SELECT 1 FROM catalog_word AS known WHERE known.word = words.word)
            ORDER BY word
            ON CONFLICT DO NOTHING
    """


POSTGRESQL = (
    Part(kind="EXTENSION", name="pg_trgm", create="CREATE EXTENSION IF NOT EXISTS pg_trgm"),
    Part(
        kind="FUNCTION",
        name="catalog_search_tokens",
        create=f"""
            CREATE OR REPLACE FUNCTION catalog_search_tokens(search_text text) RETURNS tsvector
            LANGUAGE sql IMMUTABLE AS $$
                SELECT array_to_tsvector(ARRAY(
                    SELECT CASE WHEN left(token, 1) = '¶' THEN token ELSE
                        left(token, -1) || translate(right(token, 1), '{"".join(STEPS)}', '{"".join(STEPS.values())}')
                    END
                    FROM unnest(string_to_array(lower(search_text), ' ')) AS token WHERE token <> ''
                ))
            $$
        """,
    ),
    # A separate table, because a sale rewrites the product's row and must not rewrite the index.
    Part(
        kind="TABLE",
        name="catalog_search",
        create="CREATE TABLE catalog_search (product_id bigint PRIMARY KEY, tokens tsvector NOT NULL)",
        fill=f"""
            INSERT INTO catalog_search
                SELECT id, catalog_search_tokens({build_text()}) FROM catalog_product ORDER BY id
        """,
    ),
    # The words that typing errors are corrected to.
    Part(
        kind="TABLE",
        name="catalog_word",
        create="CREATE TABLE catalog_word (word text PRIMARY KEY)",
        fill=build_postgresql_words("catalog_product"),
    ),
    # GIN's pending list is kept short, because each step of a search reads all of it. Without the list an import would
    # take half as long again.
    Part(
        kind="INDEX",
        name="catalog_search_tokens",
        create="""
            CREATE INDEX catalog_search_tokens ON catalog_search
                USING gin (tokens) WITH (gin_pending_list_limit = 256)
        """,
    ),
    # Words are counted in every 16th product.
    Part(
        kind="INDEX",
        name="catalog_search_sample",
        create="""
            CREATE INDEX catalog_search_sample ON catalog_search
                USING gin (tokens) WITH (gin_pending_list_limit = 256) WHERE product_id % 16 = 0
        """,
    ),
    Part(
        kind="INDEX",
        name="catalog_word_trigram",
        create="CREATE INDEX catalog_word_trigram ON catalog_word USING gin (show_trgm(word))",
    ),
    # One statement indexes all products that one statement inserts: a thousand of them share most tokens. Updates have
    # a trigger for each row instead, which can name the column, so that a sale does not run it.
    Part(
        kind="FUNCTION",
        name="catalog_products_index",
        create=f"""
            CREATE OR REPLACE FUNCTION catalog_products_index() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                INSERT INTO catalog_search SELECT id, catalog_search_tokens({build_text()}) FROM added;
                {build_postgresql_words("added")};
                RETURN NULL;
            END $$
        """,
    ),
    Part(
        kind="FUNCTION",
        name="catalog_product_index",
        create=f"""
            CREATE OR REPLACE FUNCTION catalog_product_index() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                IF TG_OP = 'TRUNCATE' THEN
                    TRUNCATE catalog_search;
                ELSIF TG_OP = 'DELETE' THEN
                    DELETE FROM catalog_search WHERE product_id = old.id;
                ELSE
                    INSERT INTO catalog_search VALUES (new.id, catalog_search_tokens({build_text("new.")}))
                        ON CONFLICT (product_id) DO UPDATE SET tokens = excluded.tokens;
                    {build_postgresql_words("(SELECT new.search_text) AS changed")};
                END IF;
                RETURN NULL;
            END $$
        """,
    ),
    Part(
        kind="TRIGGER",
        name="catalog_product_inserted",
        create="""
            CREATE OR REPLACE TRIGGER catalog_product_inserted
                AFTER INSERT ON catalog_product REFERENCING NEW TABLE AS added
                FOR EACH STATEMENT EXECUTE FUNCTION catalog_products_index()
        """,
    ),
    Part(
        kind="TRIGGER",
        name="catalog_product_updated",
        create="""
            CREATE OR REPLACE TRIGGER catalog_product_updated
                AFTER UPDATE OF search_text, category_id OR DELETE ON catalog_product
                FOR EACH ROW EXECUTE FUNCTION catalog_product_index()
        """,
    ),
    Part(
        kind="TRIGGER",
        name="catalog_product_truncated",
        create="""
            CREATE OR REPLACE TRIGGER catalog_product_truncated
                AFTER TRUNCATE ON catalog_product
                FOR EACH STATEMENT EXECUTE FUNCTION catalog_product_index()
        """,
    ),
    Part(
        kind="FUNCTION",
        name="catalog_product_copy",
        create=f"""
            CREATE OR REPLACE FUNCTION catalog_product_copy() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                {COPY} WHERE product_id = new.id;
                RETURN NULL;
            END $$
        """,
    ),
    Part(
        kind="TRIGGER",
        name="catalog_product_copied",
        create=f"""
            CREATE OR REPLACE TRIGGER catalog_product_copied
                AFTER UPDATE OF {", ".join(COPIED)} ON catalog_product
                FOR EACH ROW WHEN ({CHANGED["postgresql"]}) EXECUTE FUNCTION catalog_product_copy()
        """,
        fill=COPY_ALL,
    ),
)

PARTS = {"sqlite": (ANALYSIS, *SQLITE), "postgresql": (ANALYSIS, *POSTGRESQL)}

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

_reported: set[str] = set()


def install(connection: BaseDatabaseWrapper) -> None:
    """Rebuild the search index from all names and descriptions, unless every part is as defined here.

    It rebuilds the whole index, because nothing records what was written while a trigger was missing. If only the texts
    are of another analysis, it rewrites them. Without a table of products, as after `migrate catalog zero`, it removes
    the index.

    Locks:
        On PostgreSQL, searches and writes of products wait until the index is built. Other reads go on. While texts are
        rewritten, only writes of a batch of products wait.
    """
    if PRODUCTS not in read_marks(connection):
        remove(connection)
    elif faults := find_faults(connection):
        if not any(map(misses_products, faults)):
            for _ in reindex(connection):
                pass
            return
        with transaction.atomic(using=connection.alias):
            silence_triggers(connection)
            for _ in rewrite_texts(connection):
                pass
            make(connection, PARTS[connection.vendor])


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
    known = read_marks(connection)
    if PRODUCTS not in known:  # before the first migration
        return []
    parts = PARTS[connection.vendor]
    faults = []
    for part in parts:
        key = (part.kind, part.name)
        if key not in known:
            faults.append(f"{part} is missing")
        elif known[key] != compute_mark(part, connection.vendor):
            faults.append(f"{part} is out of date")
    ours = {part.name for part in parts}
    return faults + [f"trigger {name} is left over" for name in list_triggers(known) if name not in ours]


def report_faults(connection: BaseDatabaseWrapper, **_: Any) -> None:
    """Log an error if the index is incomplete when a process first connects. Receives `connection_created`."""
    if connection.alias not in _reported:
        _reported.add(connection.alias)
        if faults := find_faults(connection):
            logger.error("Search may miss products: %s. Run manage.py migrate.", "; ".join(faults))


def read_marks(connection: BaseDatabaseWrapper) -> dict[tuple[str, str], str | None]:
    with connection.cursor() as cursor:
        cursor.execute(PRESENT[connection.vendor])
        return {(kind, name): definition for kind, name, definition in cursor.fetchall()}


def compute_mark(part: Part, vendor: str) -> str | None:
    if vendor == "sqlite":
        return part.create
    return None if part.kind == "EXTENSION" else md5(part.create.encode(), usedforsecurity=False).hexdigest()


def list_triggers(known: Iterable[tuple[str, str]]) -> list[str]:
    """Return the names of the index's triggers, of any version. A trigger with another prefix is not ours."""
    return [name for kind, name in known if kind == "TRIGGER" and name.startswith("catalog_")]


def silence_triggers(connection: BaseDatabaseWrapper) -> None:
    """Keep the present triggers from running until they are rebuilt, and drop leftover ones.

    Locks:
        On PostgreSQL, the products against writes, which the new index would miss.
    """
    present = list_triggers(read_marks(connection))
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            for name in present:
                cursor.execute(f"DROP TRIGGER {name}")
            return
        cursor.execute("LOCK TABLE catalog_product IN SHARE ROW EXCLUSIVE MODE")
        ours = {part.name for part in POSTGRESQL}
        for name in present:
            cursor.execute(
                f"ALTER TABLE catalog_product DISABLE TRIGGER {name}"
                if name in ours
                else f"DROP TRIGGER {name} ON catalog_product"
            )


def rewrite_texts(connection: BaseDatabaseWrapper) -> Iterator[int]:
    """Update each `search_text` that the current analysis would write differently, and yield the size of each batch.

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
        if not batch:
            return
        last = batch[-1][0]
        yield len(batch)


def make(connection: BaseDatabaseWrapper, parts: Sequence[Part]) -> None:
    """Make and fill the parts. Dropping the tables drops their indexes; functions and triggers are replaced.

    On PostgreSQL, dropping a trigger would lock out all readers, and deadlock with a search that waits for the table.
    """
    drop(connection, parts, kinds=("VIEW", "TABLE"))
    with connection.cursor() as cursor:
        for part in parts:
            cursor.execute(part.create)
            if part.fill:
                cursor.execute(part.fill)
            if connection.vendor == "postgresql" and (comment := compute_mark(part, connection.vendor)):
                place = f"{part.name} ON catalog_product" if part.kind == "TRIGGER" else part.name
                cursor.execute(f"COMMENT ON {part.kind} {place} IS '{comment}'")


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
