from importlib import import_module

from django.db import migrations

from catalog.analysis import search_text

# The index of tokens with their strengths takes the place of the one that 0003 made. Whoever writes a product, by
# whichever way, triggers keep it. On SQLite they go when a later migration remakes catalog_product (as changing a
# column does): that migration makes them again.
ROWS = 1_000
SQLITE_WORDS = """
    INSERT OR IGNORE INTO catalog_word (word)
        SELECT substr(value, 1, instr(value, '§') - 1)
        FROM json_each('["' || replace({text}, ' ', '","') || '"]')
        WHERE instr(value, '§') BETWEEN 4 AND 33 AND substr(value, -1) >= 'a'
"""
SQLITE_INDEX = (
    """
    CREATE VIRTUAL TABLE catalog_search USING fts5(
        tokens, content='', detail=none, columnsize=0, prefix='2 3', tokenize='ascii'
    )
    """,
    "CREATE VIRTUAL TABLE catalog_search_term USING fts5vocab(catalog_search, row)",
    "CREATE TABLE catalog_word (word text UNIQUE NOT NULL)",
    "CREATE VIRTUAL TABLE catalog_word_trigram USING fts5(word, tokenize='trigram')",
    """
    CREATE TRIGGER catalog_word_added AFTER INSERT ON catalog_word BEGIN
        INSERT INTO catalog_word_trigram (word) VALUES ('^^' || new.word || '$');
    END
    """,
)
SQLITE_FILLED = (
    "INSERT INTO catalog_search (rowid, tokens) SELECT id, search_text FROM catalog_product",
    """
    INSERT OR IGNORE INTO catalog_word (word)
        SELECT substr(value, 1, instr(value, '§') - 1)
        FROM catalog_product, json_each('["' || replace(search_text, ' ', '","') || '"]')
        WHERE instr(value, '§') BETWEEN 4 AND 33 AND substr(value, -1) >= 'a'
    """,
)
SQLITE_TRIGGERS = (
    f"""
    CREATE TRIGGER catalog_product_indexed AFTER INSERT ON catalog_product BEGIN
        INSERT INTO catalog_search (rowid, tokens) VALUES (new.id, new.search_text);
        {SQLITE_WORDS.format(text="new.search_text")};
    END
    """,
    f"""
    CREATE TRIGGER catalog_product_indexed_anew AFTER UPDATE OF search_text ON catalog_product
    WHEN old.search_text <> new.search_text BEGIN
        INSERT INTO catalog_search (catalog_search, rowid, tokens) VALUES ('delete', old.id, old.search_text);
        INSERT INTO catalog_search (rowid, tokens) VALUES (new.id, new.search_text);
        {SQLITE_WORDS.format(text="new.search_text")};
    END
    """,
    """
    CREATE TRIGGER catalog_product_not_indexed AFTER DELETE ON catalog_product BEGIN
        INSERT INTO catalog_search (catalog_search, rowid, tokens) VALUES ('delete', old.id, old.search_text);
    END
    """,
)

# A table of its own, so that a sale, which writes the product's row anew, does not write the index anew. Words are
# counted in a part of it, of every 16th product.
POSTGRESQL_INDEX = (
    "CREATE TABLE catalog_search (product_id bigint PRIMARY KEY, tokens tsvector NOT NULL)",
    "CREATE TABLE catalog_word (word text PRIMARY KEY)",
)
POSTGRESQL_FILLED = (
    """
    INSERT INTO catalog_search
        SELECT id, array_to_tsvector(array_remove(string_to_array(lower(search_text), ' '), '')) FROM catalog_product
    """,
    """
    INSERT INTO catalog_word
        SELECT DISTINCT split_part(token, '§', 1)
        FROM catalog_product, unnest(string_to_array(search_text, ' ')) AS token
        WHERE strpos(token, '§') BETWEEN 4 AND 33 AND right(token, 1) COLLATE "C" >= 'a'
    """,
    "CREATE INDEX catalog_search_tokens ON catalog_search USING gin (tokens)",
    "CREATE INDEX catalog_search_sample ON catalog_search USING gin (tokens) WHERE product_id % 16 = 0",
    "CREATE INDEX catalog_word_trigram ON catalog_word USING gin (show_trgm(word))",
)
POSTGRESQL_TRIGGERS = (
    """
    CREATE FUNCTION catalog_product_index() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'TRUNCATE' THEN
            TRUNCATE catalog_search;
        ELSIF TG_OP = 'DELETE' THEN
            DELETE FROM catalog_search WHERE product_id = old.id;
        ELSE
            INSERT INTO catalog_search VALUES (
                new.id, array_to_tsvector(array_remove(string_to_array(lower(new.search_text), ' '), ''))
            ) ON CONFLICT (product_id) DO UPDATE SET tokens = excluded.tokens;
            -- In one order, so that two sellers with the same new words do not wait for each other.
            INSERT INTO catalog_word
                SELECT word FROM (
                    SELECT DISTINCT split_part(token, '§', 1) AS word
                    FROM unnest(string_to_array(new.search_text, ' ')) AS token
                    WHERE strpos(token, '§') BETWEEN 4 AND 33 AND right(token, 1) COLLATE "C" >= 'a'
                ) AS words
                WHERE NOT EXISTS (SELECT 1 FROM catalog_word AS known WHERE known.word = words.word)
                ORDER BY word
                ON CONFLICT DO NOTHING;
        END IF;
        RETURN NULL;
    END $$
    """,
    """
    CREATE TRIGGER catalog_product_indexed AFTER INSERT OR UPDATE OF search_text OR DELETE ON catalog_product
        FOR EACH ROW EXECUTE FUNCTION catalog_product_index()
    """,
    """
    CREATE TRIGGER catalog_product_not_indexed AFTER TRUNCATE ON catalog_product
        FOR EACH STATEMENT EXECUTE FUNCTION catalog_product_index()
    """,
)


def make_index_anew(apps, schema_editor):
    import_module("catalog.migrations.0003_search").drop_index(apps, schema_editor)
    rewrite(apps, schema_editor)
    statements = (
        (*SQLITE_INDEX, *SQLITE_FILLED, *SQLITE_TRIGGERS)
        if schema_editor.connection.vendor == "sqlite"
        else (*POSTGRESQL_INDEX, *POSTGRESQL_FILLED, *POSTGRESQL_TRIGGERS)
    )
    for statement in statements:
        schema_editor.execute(statement, params=None)


def rewrite(apps, schema_editor):
    """In parts, so that it takes the memory of one, and while no trigger looks."""
    products = apps.get_model("catalog", "Product").objects.using(schema_editor.connection.alias)
    last = 0
    while rows := list(products.filter(pk__gt=last).order_by("pk").values_list("pk", "name", "description")[:ROWS]):
        with schema_editor.connection.cursor() as cursor:
            cursor.executemany(
                "UPDATE catalog_product SET search_text = %s WHERE id = %s",
                [(search_text(name=name, description=description), pk) for pk, name, description in rows],
            )
        last = rows[-1][0]


def make_index_as_before(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        schema_editor.execute("DROP TABLE catalog_search_term", params=None)
    before = import_module("catalog.migrations.0003_search")
    before.drop_index(apps, schema_editor)
    # On SQLite the words of a text come in when it changes.
    schema_editor.execute("UPDATE catalog_product SET search_text = ''", params=None)
    before.make_index(apps, schema_editor)
    before.fill(apps, schema_editor)


class Migration(migrations.Migration):

    dependencies = [
        ("catalog", "0005_sellers_and_stock"),
    ]

    operations = [
        migrations.RunPython(make_index_anew, make_index_as_before),
    ]
