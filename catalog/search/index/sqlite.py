"""The parts of the search index on SQLite, in the order in which they are made."""

from catalog.listings import build_listing, build_mends
from catalog.search.index.parts import (
    CHANGED,
    COPY,
    COPY_OF,
    FORGET,
    IS_REWORDED,
    MEND_COPIES,
    MEND_VECTORS,
    PLACED,
    RATED,
    RATED_COPIES,
    REWORDED,
    STEPS,
    Keeper,
    Part,
    build_change,
    build_copy,
    build_text,
)
from catalog.search.query import token_of_sample
from core.sampling import LEVELS, build_condition


def build_sqlite_tokens(text: str) -> str:
    """Return the SQL expression of the tokens, each with its step, for a SQL expression of a search text."""
    tokens = f"lower({text}) || ' '"
    for letter, step in STEPS.items():
        tokens = f"replace({tokens}, '§{letter} ', '§{step} ')"
    return tokens


def build_tokens(row: str = "") -> str:
    """Return the SQL expression of a product's tokens, with those of the samples that it is in."""
    samples = [
        f"CASE WHEN {build_condition(f'{row}id', level=level)} THEN ' {token_of_sample(level)}' ELSE '' END"
        for level in range(1, LEVELS + 1)
    ]
    return build_sqlite_tokens(" || ".join([build_text(row), *samples]))


def build_sqlite_words(text: str, *, source: str = "") -> str:
    """Return a statement that adds the words of a search text. A capital strength marks a stem, which is not a word."""
    return f"""
        INSERT OR IGNORE INTO catalog_word (word)
            SELECT substr(value, 1, instr(value, '§') - 1)
            FROM {source} json_each('["' || replace({text}, ' ', '","') || '"]')
            WHERE instr(value, '§') BETWEEN 4 AND 33 AND substr(value, -1) >= 'a'
    """


SEARCH = (
    Part(
        kind="TABLE",
        name="catalog_search",
        create="""CREATE VIRTUAL TABLE catalog_search USING fts5(
            tokens, content='', detail=none, columnsize=0, prefix='2 3', tokenize='ascii'
        )""",
        fill=f"""
            INSERT INTO catalog_search (rowid, tokens)
                SELECT id, {build_tokens()} FROM catalog_product
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
            INSERT INTO catalog_search (rowid, tokens) VALUES (new.id, {build_tokens("new.")});
            {build_sqlite_words("new.search_text")};
        END""",
    ),
    Part(
        kind="TRIGGER",
        name="catalog_product_updated",
        create=f"""CREATE TRIGGER catalog_product_updated
        AFTER UPDATE OF search_text, category_id, value_text ON catalog_product
        WHEN old.search_text <> new.search_text OR old.category_id <> new.category_id
            OR old.value_text <> new.value_text BEGIN
            INSERT INTO catalog_search (catalog_search, rowid, tokens)
                VALUES ('delete', old.id, {build_tokens("old.")});
            INSERT INTO catalog_search (rowid, tokens) VALUES (new.id, {build_tokens("new.")});
            {build_sqlite_words("new.search_text")};
        END""",
    ),
    Part(
        kind="TRIGGER",
        name="catalog_product_deleted",
        create=f"""CREATE TRIGGER catalog_product_deleted AFTER DELETE ON catalog_product BEGIN
            INSERT INTO catalog_search (catalog_search, rowid, tokens)
                VALUES ('delete', old.id, {build_tokens("old.")});
        END""",
    ),
)
COPIES = (
    Part(
        kind="TRIGGER",
        name="catalog_product_copied",
        create=f"""CREATE TRIGGER catalog_product_copied AFTER UPDATE OF {COPY_OF} ON catalog_product
        WHEN {CHANGED["sqlite"]} BEGIN
            {COPY} WHERE product_id = new.id;
        END""",
    ),
)
LISTINGS = (
    Part(
        kind="TRIGGER",
        name="catalog_product_listed",
        create=f"""CREATE TRIGGER catalog_product_listed AFTER INSERT ON catalog_product BEGIN
            {build_listing("sqlite")} AND product.id = new.id;
        END""",
    ),
    Part(
        kind="TRIGGER",
        name="catalog_product_relisted",
        create=f"""CREATE TRIGGER catalog_product_relisted AFTER UPDATE OF {", ".join(PLACED)} ON catalog_product
        WHEN {build_change(PLACED, "sqlite")} BEGIN
            DELETE FROM catalog_listing WHERE product_id = new.id;
            {build_listing("sqlite")} AND product.id = new.id;
        END""",
    ),
    Part(
        kind="TRIGGER",
        name="catalog_product_repriced",
        create=f"""CREATE TRIGGER catalog_product_repriced AFTER UPDATE OF final_price ON catalog_product
        WHEN {build_change(["final_price"], "sqlite")} BEGIN
            {build_copy(["final_price"])};
        END""",
    ),
    Part(
        kind="TRIGGER",
        name="catalog_product_discounted",
        create=f"""CREATE TRIGGER catalog_product_discounted AFTER UPDATE OF discount ON catalog_product
        WHEN {build_change(["discount"], "sqlite")} BEGIN
            {build_copy(["discount"])};
        END""",
    ),
    Part(
        kind="TRIGGER",
        name="catalog_product_rated",
        create=f"""CREATE TRIGGER catalog_product_rated AFTER UPDATE OF {", ".join(RATED)} ON catalog_product
        WHEN {build_change(RATED_COPIES, "sqlite")} BEGIN
            {build_copy(RATED_COPIES)};
        END""",
    ),
    Part(
        kind="TRIGGER",
        name="catalog_product_unlisted",
        create="""CREATE TRIGGER catalog_product_unlisted AFTER DELETE ON catalog_product BEGIN
            DELETE FROM catalog_listing WHERE product_id = old.id;
        END""",
    ),
)
VECTORS = (
    Part(
        kind="TRIGGER",
        name="catalog_product_reworded",
        create=f"""CREATE TRIGGER catalog_product_reworded AFTER UPDATE OF {REWORDED} ON catalog_product
        WHEN {IS_REWORDED["sqlite"]} BEGIN
            {FORGET};
        END""",
    ),
)
KEEPERS = (
    Keeper(table="catalog_productvalue", parts=COPIES, mends=MEND_COPIES["sqlite"]),
    Keeper(table="catalog_listing", parts=LISTINGS, mends=build_mends("sqlite")),
    Keeper(table="catalog_productvector", parts=VECTORS, mends=MEND_VECTORS),
)
