from django.db import migrations

# On PostgreSQL products that are inserted by one statement are indexed by one, too: of a thousand, most tokens are
# the same. An update stays with the trigger of each row, which names the column: a sale does not come to it.
POSTGRESQL = (
    """
    CREATE FUNCTION catalog_products_index() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO catalog_search
            SELECT id, array_to_tsvector(array_remove(string_to_array(lower(search_text), ' '), '')) FROM added;
        -- In one order, so that two sellers with the same new words do not wait for each other.
        INSERT INTO catalog_word
            SELECT word FROM (
                SELECT DISTINCT left(token, -2) COLLATE "default" AS word
                FROM (
                    SELECT DISTINCT unnest(string_to_array(search_text, ' ')) COLLATE "C" AS token FROM added
                ) AS tokens
                WHERE token LIKE '___%§_' AND length(token) <= 34 AND right(token, 1) >= 'a'
            ) AS words
            WHERE NOT EXISTS (SELECT 1 FROM catalog_word AS known WHERE known.word = words.word)
            ORDER BY word
            ON CONFLICT DO NOTHING;
        RETURN NULL;
    END $$
    """,
    "DROP TRIGGER catalog_product_indexed ON catalog_product",
    """
    CREATE TRIGGER catalog_product_indexed AFTER INSERT ON catalog_product REFERENCING NEW TABLE AS added
        FOR EACH STATEMENT EXECUTE FUNCTION catalog_products_index()
    """,
    """
    CREATE TRIGGER catalog_product_indexed_anew AFTER UPDATE OF search_text OR DELETE ON catalog_product
        FOR EACH ROW EXECUTE FUNCTION catalog_product_index()
    """,
)
POSTGRESQL_UNDONE = (
    "DROP TRIGGER catalog_product_indexed_anew ON catalog_product",
    "DROP TRIGGER catalog_product_indexed ON catalog_product",
    """
    CREATE TRIGGER catalog_product_indexed AFTER INSERT OR UPDATE OF search_text OR DELETE ON catalog_product
        FOR EACH ROW EXECUTE FUNCTION catalog_product_index()
    """,
    "DROP FUNCTION catalog_products_index",
)


def index_statements(apps, schema_editor):
    execute(POSTGRESQL, schema_editor)


def index_rows(apps, schema_editor):
    execute(POSTGRESQL_UNDONE, schema_editor)


def execute(statements, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for statement in statements:
            schema_editor.execute(statement, params=None)


class Migration(migrations.Migration):

    dependencies = [
        ("catalog", "0006_search_strengths"),
    ]

    operations = [
        migrations.RunPython(index_statements, index_rows),
    ]
