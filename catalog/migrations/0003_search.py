from django.contrib.postgres.operations import TrigramExtension
from django.db import migrations

import catalog.models
from catalog.analysis import search_text

# Beside catalog_product.search_text stand its index and the words that typing errors are mended to. Triggers keep
# both: whoever writes a product, by whichever way, it is found. On SQLite they go when a later migration remakes
# catalog_product (as changing a column does): that migration makes them again.
SQLITE = (
    """
    CREATE VIRTUAL TABLE catalog_search USING fts5(
        tokens, content='', detail=none, columnsize=0, prefix='2 3', tokenize='ascii'
    )
    """,
    # A row that is not in the index cannot be changed in it.
    "INSERT INTO catalog_search (rowid, tokens) SELECT id, search_text FROM catalog_product",
    "CREATE TABLE catalog_word (word text UNIQUE NOT NULL)",
    "CREATE VIRTUAL TABLE catalog_word_trigram USING fts5(word, tokenize='trigram')",
    """
    CREATE TRIGGER catalog_word_added AFTER INSERT ON catalog_word BEGIN
        INSERT INTO catalog_word_trigram (word) VALUES ('^^' || new.word || '$');
    END
    """,
    """
    CREATE TRIGGER catalog_product_indexed AFTER INSERT ON catalog_product BEGIN
        INSERT INTO catalog_search (rowid, tokens) VALUES (new.id, new.search_text);
        INSERT OR IGNORE INTO catalog_word (word)
            SELECT value FROM json_each('["' || replace(new.search_text, ' ', '","') || '"]')
            WHERE length(value) BETWEEN 3 AND 32 AND substr(value, 1, 1) <> '§';
    END
    """,
    """
    CREATE TRIGGER catalog_product_indexed_anew AFTER UPDATE OF search_text ON catalog_product
    WHEN old.search_text <> new.search_text BEGIN
        INSERT INTO catalog_search (catalog_search, rowid, tokens) VALUES ('delete', old.id, old.search_text);
        INSERT INTO catalog_search (rowid, tokens) VALUES (new.id, new.search_text);
        INSERT OR IGNORE INTO catalog_word (word)
            SELECT value FROM json_each('["' || replace(new.search_text, ' ', '","') || '"]')
            WHERE length(value) BETWEEN 3 AND 32 AND substr(value, 1, 1) <> '§';
    END
    """,
    """
    CREATE TRIGGER catalog_product_not_indexed AFTER DELETE ON catalog_product BEGIN
        INSERT INTO catalog_search (catalog_search, rowid, tokens) VALUES ('delete', old.id, old.search_text);
    END
    """,
)
SQLITE_UNDONE = (
    "DROP TRIGGER catalog_product_indexed",
    "DROP TRIGGER catalog_product_indexed_anew",
    "DROP TRIGGER catalog_product_not_indexed",
    "DROP TABLE catalog_search",
    "DROP TABLE catalog_word_trigram",
    "DROP TABLE catalog_word",
)

# A table of its own, so that a sale, which writes the product's row anew, does not write the index anew.
POSTGRESQL = (
    "CREATE TABLE catalog_search (product_id bigint PRIMARY KEY, tokens tsvector NOT NULL)",
    "CREATE INDEX catalog_search_tokens ON catalog_search USING gin (tokens)",
    "CREATE TABLE catalog_word (word text PRIMARY KEY)",
    "CREATE INDEX catalog_word_trigram ON catalog_word USING gist (word gist_trgm_ops)",
    """
    CREATE FUNCTION catalog_product_index() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        texts text[];
    BEGIN
        IF TG_OP = 'TRUNCATE' THEN
            TRUNCATE catalog_search;
        ELSIF TG_OP = 'DELETE' THEN
            DELETE FROM catalog_search WHERE product_id = old.id;
        ELSE
            texts := array_remove(string_to_array(new.search_text, ' '), '');
            INSERT INTO catalog_search VALUES (new.id, array_to_tsvector(texts))
                ON CONFLICT (product_id) DO UPDATE SET tokens = excluded.tokens;
            -- In one order, so that two sellers with the same new words do not wait for each other.
            INSERT INTO catalog_word
                SELECT DISTINCT text FROM unnest(texts) AS text
                WHERE length(text) BETWEEN 3 AND 32 AND left(text, 1) <> '§'
                    AND NOT EXISTS (SELECT 1 FROM catalog_word WHERE word = text)
                ORDER BY text
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
POSTGRESQL_UNDONE = (
    "DROP TRIGGER catalog_product_indexed ON catalog_product",
    "DROP TRIGGER catalog_product_not_indexed ON catalog_product",
    "DROP FUNCTION catalog_product_index",
    "DROP TABLE catalog_search",
    "DROP TABLE catalog_word",
)


def make_index(apps, schema_editor):
    for statement in SQLITE if schema_editor.connection.vendor == "sqlite" else POSTGRESQL:
        schema_editor.execute(statement, params=None)


def drop_index(apps, schema_editor):
    for statement in SQLITE_UNDONE if schema_editor.connection.vendor == "sqlite" else POSTGRESQL_UNDONE:
        schema_editor.execute(statement, params=None)


def fill(apps, schema_editor):
    products = apps.get_model("catalog", "Product").objects.using(schema_editor.connection.alias)
    for pk, name, description in products.values_list("pk", "name", "description").iterator():
        products.filter(pk=pk).update(search_text=search_text(name=name, description=description))


class Trigrams(TrigramExtension):
    # On the way back Django asks SQLite, too, for its extensions.
    def database_backwards(self, app_label, schema_editor, from_state, to_state):
        if schema_editor.connection.vendor == "postgresql":
            super().database_backwards(app_label, schema_editor, from_state, to_state)


class Migration(migrations.Migration):

    dependencies = [
        ("catalog", "0002_sellers"),
    ]

    operations = [
        Trigrams(),
        migrations.AddField(
            model_name="product",
            name="search_text",
            field=catalog.models.SearchTextField(default="", editable=False),
            preserve_default=False,
        ),
        migrations.RunPython(make_index, drop_index),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
