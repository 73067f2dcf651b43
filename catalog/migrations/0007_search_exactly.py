from importlib import import_module

from django.db import migrations

# The analysis tells exact words from stems now, and the index is made anew of all texts. What it holds of a strength is
# the highest step that it has reached, by which search asks for it ("a", "i", "q", "r"), because each token in a query
# costs time. `search_text` keeps the strengths for the ranks. As before, triggers keep the index, and on SQLite a later
# migration that remakes catalog_product makes them again.
SIX = import_module("catalog.migrations.0006_search_strengths")
THREE = import_module("catalog.migrations.0003_search")
STEPS = dict(zip("bcdefghjklmnopst", "aaaaaaaiiiiiiirr", strict=True))


def sqlite_tokens(text):
    steps = f"lower({text}) || ' '"
    for letter, step in STEPS.items():
        steps = f"replace({steps}, '§{letter} ', '§{step} ')"
    return steps


SQLITE = (
    *SIX.SQLITE_INDEX,
    f"INSERT INTO catalog_search (rowid, tokens) SELECT id, {sqlite_tokens('search_text')} FROM catalog_product",
    *SIX.SQLITE_FILLED[1:],
    f"""
    CREATE TRIGGER catalog_product_indexed AFTER INSERT ON catalog_product BEGIN
        INSERT INTO catalog_search (rowid, tokens) VALUES (new.id, {sqlite_tokens("new.search_text")});
        {SIX.SQLITE_WORDS.format(text="new.search_text")};
    END
    """,
    f"""
    CREATE TRIGGER catalog_product_indexed_anew AFTER UPDATE OF search_text ON catalog_product
    WHEN old.search_text <> new.search_text BEGIN
        INSERT INTO catalog_search (catalog_search, rowid, tokens)
            VALUES ('delete', old.id, {sqlite_tokens("old.search_text")});
        INSERT INTO catalog_search (rowid, tokens) VALUES (new.id, {sqlite_tokens("new.search_text")});
        {SIX.SQLITE_WORDS.format(text="new.search_text")};
    END
    """,
    f"""
    CREATE TRIGGER catalog_product_not_indexed AFTER DELETE ON catalog_product BEGIN
        INSERT INTO catalog_search (catalog_search, rowid, tokens)
            VALUES ('delete', old.id, {sqlite_tokens("old.search_text")});
    END
    """,
)

# In one order, so that two sellers with the same new words do not wait for each other.
NEW_WORDS = """
    INSERT INTO catalog_word
        SELECT word FROM (
            SELECT DISTINCT left(token, -2) COLLATE "default" AS word
            FROM (SELECT DISTINCT unnest(string_to_array({text}, ' ')) COLLATE "C" AS token FROM {source}) AS tokens
            WHERE token LIKE '___%§_' AND length(token) <= 34 AND right(token, 1) >= 'a'
        ) AS words
        WHERE NOT EXISTS (SELECT 1 FROM catalog_word AS known WHERE known.word = words.word)
        ORDER BY word
        ON CONFLICT DO NOTHING
"""
POSTGRESQL = (
    f"""
    CREATE FUNCTION catalog_search_tokens(search_text text) RETURNS tsvector LANGUAGE sql IMMUTABLE AS $$
        SELECT array_to_tsvector(ARRAY(
            SELECT CASE WHEN left(token, 1) = '¶' THEN token
            ELSE left(token, -1) || translate(right(token, 1), '{"".join(STEPS)}', '{"".join(STEPS.values())}') END
            FROM unnest(string_to_array(lower(search_text), ' ')) AS token WHERE token <> ''
        ))
    $$
    """,
    *SIX.POSTGRESQL_INDEX,
    "INSERT INTO catalog_search SELECT id, catalog_search_tokens(search_text) FROM catalog_product ORDER BY id",
    NEW_WORDS.format(text="search_text", source="catalog_product"),
    # The list of new products beside the index is kept short, because each step of a search reads it through. Without it
    # an import would take half as long again.
    "CREATE INDEX catalog_search_tokens ON catalog_search USING gin (tokens) WITH (gin_pending_list_limit = 256)",
    # Words are counted in a part of it.
    """
    CREATE INDEX catalog_search_sample ON catalog_search USING gin (tokens) WITH (gin_pending_list_limit = 256)
        WHERE product_id % 16 = 0
    """,
    "CREATE INDEX catalog_word_trigram ON catalog_word USING gin (show_trgm(word))",
    # Products that are inserted by one statement are indexed by one, too: of a thousand, most tokens are the same. An
    # update stays with the trigger of each row, which names the column: a sale does not come to it.
    f"""
    CREATE FUNCTION catalog_products_index() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO catalog_search SELECT id, catalog_search_tokens(search_text) FROM added;
        {NEW_WORDS.format(text="search_text", source="added")};
        RETURN NULL;
    END $$
    """,
    f"""
    CREATE FUNCTION catalog_product_index() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'TRUNCATE' THEN
            TRUNCATE catalog_search;
        ELSIF TG_OP = 'DELETE' THEN
            DELETE FROM catalog_search WHERE product_id = old.id;
        ELSE
            INSERT INTO catalog_search VALUES (new.id, catalog_search_tokens(new.search_text))
                ON CONFLICT (product_id) DO UPDATE SET tokens = excluded.tokens;
            {NEW_WORDS.format(text="changed.search_text", source="(SELECT new.search_text) AS changed")};
        END IF;
        RETURN NULL;
    END $$
    """,
    """
    CREATE TRIGGER catalog_product_indexed AFTER INSERT ON catalog_product REFERENCING NEW TABLE AS added
        FOR EACH STATEMENT EXECUTE FUNCTION catalog_products_index()
    """,
    """
    CREATE TRIGGER catalog_product_indexed_anew AFTER UPDATE OF search_text OR DELETE ON catalog_product
        FOR EACH ROW EXECUTE FUNCTION catalog_product_index()
    """,
    SIX.POSTGRESQL_TRIGGERS[-1],  # that of TRUNCATE
)
POSTGRESQL_UNDONE = (
    "DROP TRIGGER catalog_product_indexed_anew ON catalog_product",
    *THREE.POSTGRESQL_UNDONE,
    "DROP FUNCTION catalog_products_index",
    "DROP FUNCTION catalog_search_tokens",
)
SQLITE_SIX = (*SIX.SQLITE_INDEX, *SIX.SQLITE_FILLED, *SIX.SQLITE_TRIGGERS)
POSTGRESQL_SIX = (*SIX.POSTGRESQL_INDEX, *SIX.POSTGRESQL_FILLED, *SIX.POSTGRESQL_TRIGGERS)
SQLITE_UNDONE = ("DROP TABLE catalog_search_term", *THREE.SQLITE_UNDONE)


def make_index_anew(apps, schema_editor):
    execute(schema_editor, sqlite=SQLITE_UNDONE, postgresql=THREE.POSTGRESQL_UNDONE)
    SIX.rewrite(apps, schema_editor)
    execute(schema_editor, sqlite=SQLITE, postgresql=POSTGRESQL)


def make_index_as_before(apps, schema_editor):
    execute(schema_editor, sqlite=SQLITE_UNDONE, postgresql=POSTGRESQL_UNDONE)
    execute(schema_editor, sqlite=SQLITE_SIX, postgresql=POSTGRESQL_SIX)


def execute(schema_editor, *, sqlite, postgresql):
    for statement in sqlite if schema_editor.connection.vendor == "sqlite" else postgresql:
        schema_editor.execute(statement, params=None)


class Migration(migrations.Migration):

    dependencies = [
        ("catalog", "0006_search_strengths"),
    ]

    operations = [
        migrations.RunPython(make_index_anew, make_index_as_before),
    ]
