"""The parts of the search index on PostgreSQL, in the order in which they are made."""

from catalog.listings import SHARE_TREE, build_listing, build_mends
from catalog.search.index.parts import (
    CHANGED,
    COPY,
    COPY_OF,
    FORGET,
    IN_SAMPLE,
    IS_REWORDED,
    MEND_COPIES,
    MEND_VECTORS,
    PLACED,
    PRICES,
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


def build_tokens(row: str = "") -> str:
    """Return the SQL expression of a product's tokens."""
    return f"catalog_search_tokens({build_text(row)} || catalog_search_samples({row}id))"


SEARCH = (
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
    # The tokens of the samples that a product is in.
    Part(
        kind="FUNCTION",
        name="catalog_search_samples",
        create=f"""
            CREATE OR REPLACE FUNCTION catalog_search_samples(product bigint) RETURNS text
            LANGUAGE sql IMMUTABLE AS $$
                SELECT coalesce(string_agg(' {token_of_sample("' || level || '")}', ''), '')
                FROM generate_series(1, {LEVELS}) AS level WHERE {build_condition("product", level="level")}
            $$
        """,
    ),
    # A separate table, because a sale rewrites the product's row and must not rewrite the index. To start workers for a
    # step of a search would take longer than the step.
    Part(
        kind="TABLE",
        name="catalog_search",
        create="""
            CREATE TABLE catalog_search (product_id bigint PRIMARY KEY, tokens tsvector NOT NULL)
                WITH (parallel_workers = 0)
        """,
        fill=f"""
            INSERT INTO catalog_search
                SELECT id, {build_tokens()} FROM catalog_product ORDER BY id
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
    # Words are counted in one product of 16.
    Part(
        kind="INDEX",
        name="catalog_search_sample",
        create=f"""
            CREATE INDEX catalog_search_sample ON catalog_search
                USING gin (tokens) WITH (gin_pending_list_limit = 256) WHERE {IN_SAMPLE}
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
                INSERT INTO catalog_search SELECT id, {build_tokens()} FROM added;
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
                    INSERT INTO catalog_search VALUES (new.id, {build_tokens("new.")})
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
                AFTER UPDATE OF search_text, category_id, value_text OR DELETE ON catalog_product
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
)
COPIES = (
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
                AFTER UPDATE OF {COPY_OF} ON catalog_product
                FOR EACH ROW WHEN ({CHANGED["postgresql"]}) EXECUTE FUNCTION catalog_product_copy()
        """,
    ),
)
LISTINGS = (
    Part(
        kind="FUNCTION",
        name="catalog_products_list",
        create=f"""
            CREATE OR REPLACE FUNCTION catalog_products_list() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                PERFORM {SHARE_TREE};
                {build_listing("postgresql", "added")};
                RETURN NULL;
            END $$
        """,
    ),
    Part(
        kind="FUNCTION",
        name="catalog_product_list",
        create=f"""
            CREATE OR REPLACE FUNCTION catalog_product_list() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                PERFORM {SHARE_TREE};
                DELETE FROM catalog_listing WHERE product_id = new.id;
                {build_listing("postgresql")} AND product.id = new.id;
                RETURN NULL;
            END $$
        """,
    ),
    Part(
        kind="FUNCTION",
        name="catalog_products_unlist",
        create=f"""
            CREATE OR REPLACE FUNCTION catalog_products_unlist() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                PERFORM {SHARE_TREE};
                IF TG_OP = 'TRUNCATE' THEN
                    DELETE FROM catalog_listing;
                ELSE
                    DELETE FROM catalog_listing WHERE product_id IN (SELECT id FROM removed);
                END IF;
                RETURN NULL;
            END $$
        """,
    ),
    Part(
        kind="TRIGGER",
        name="catalog_product_listed",
        create="""
            CREATE OR REPLACE TRIGGER catalog_product_listed
                AFTER INSERT ON catalog_product REFERENCING NEW TABLE AS added
                FOR EACH STATEMENT EXECUTE FUNCTION catalog_products_list()
        """,
    ),
    Part(
        kind="TRIGGER",
        name="catalog_product_relisted",
        create=f"""
            CREATE OR REPLACE TRIGGER catalog_product_relisted
                AFTER UPDATE OF {", ".join(PLACED)} ON catalog_product
                FOR EACH ROW WHEN ({build_change(PLACED, "postgresql")}) EXECUTE FUNCTION catalog_product_list()
        """,
    ),
    Part(
        kind="FUNCTION",
        name="catalog_product_copy_listed",
        create=f"""
            CREATE OR REPLACE FUNCTION catalog_product_copy_listed() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                PERFORM {SHARE_TREE};
                {build_copy((*PRICES, *RATED_COPIES))};
                RETURN NULL;
            END $$
        """,
    ),
    Part(
        kind="TRIGGER",
        name="catalog_product_repriced",
        create=f"""
            CREATE OR REPLACE TRIGGER catalog_product_repriced
                AFTER UPDATE OF {", ".join((*PRICES, *RATED))} ON catalog_product
                FOR EACH ROW WHEN ({build_change((*PRICES, *RATED_COPIES), "postgresql")})
                EXECUTE FUNCTION catalog_product_copy_listed()
        """,
    ),
    Part(
        kind="TRIGGER",
        name="catalog_product_unlisted",
        create="""
            CREATE OR REPLACE TRIGGER catalog_product_unlisted
                AFTER DELETE ON catalog_product REFERENCING OLD TABLE AS removed
                FOR EACH STATEMENT EXECUTE FUNCTION catalog_products_unlist()
        """,
    ),
    Part(
        kind="TRIGGER",
        name="catalog_product_emptied",
        create="""
            CREATE OR REPLACE TRIGGER catalog_product_emptied
                AFTER TRUNCATE ON catalog_product
                FOR EACH STATEMENT EXECUTE FUNCTION catalog_products_unlist()
        """,
    ),
)
VECTORS = (
    Part(
        kind="FUNCTION",
        name="catalog_product_forget",
        create=f"""
            CREATE OR REPLACE FUNCTION catalog_product_forget() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                {FORGET};
                RETURN NULL;
            END $$
        """,
    ),
    Part(
        kind="TRIGGER",
        name="catalog_product_reworded",
        create=f"""
            CREATE OR REPLACE TRIGGER catalog_product_reworded
                AFTER UPDATE OF {REWORDED} ON catalog_product
                FOR EACH ROW WHEN ({IS_REWORDED["postgresql"]}) EXECUTE FUNCTION catalog_product_forget()
        """,
    ),
)
KEEPERS = (
    Keeper(table="catalog_productvalue", parts=COPIES, mends=MEND_COPIES["postgresql"]),
    Keeper(table="catalog_listing", parts=LISTINGS, mends=build_mends("postgresql")),
    Keeper(table="catalog_productvector", parts=VECTORS, mends=MEND_VECTORS),
)
