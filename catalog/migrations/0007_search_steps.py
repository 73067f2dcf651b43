from importlib import import_module

from django.db import migrations

# On PostgreSQL, what the index holds of a strength is the highest step that it has reached, by which search asks for
# it ("a", "i", "p", "r"), because each token in a query costs time. `search_text` keeps the strengths for the ranks.
# New products go into the index at once: a list of them beside it would be read through by each step of a search.
TOKENS = """
    CREATE FUNCTION catalog_search_tokens(search_text text) RETURNS tsvector LANGUAGE sql IMMUTABLE AS $$
        SELECT array_to_tsvector(ARRAY(
            SELECT CASE WHEN strpos(token, '§') = 1 THEN token
            ELSE left(token, -1) || translate(right(token, 1), 'bcdefghjklmnoqst', 'aaaaaaaiiiiiiprr') END
            FROM unnest(string_to_array(lower(search_text), ' ')) AS token WHERE token <> ''
        ))
    $$
"""
BEFORE = "array_to_tsvector(array_remove(string_to_array(lower({text}), ' '), ''))"
AFTER = "catalog_search_tokens({text})"


def index(schema_editor, *, tokens):
    """The index and its trigger with that expression for the tokens of a `{text}`: the table is filled anew."""
    before = import_module("catalog.migrations.0006_search_strengths")
    *_, by_token, by_token_of_sample, _ = before.POSTGRESQL_FILLED
    function = before.POSTGRESQL_TRIGGERS[0].replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")
    for statement in (
        "DROP INDEX catalog_search_tokens, catalog_search_sample",
        "TRUNCATE catalog_search",
        f"INSERT INTO catalog_search SELECT id, {tokens.format(text='search_text')} FROM catalog_product ORDER BY id",
        by_token,
        by_token_of_sample,
        function.replace(BEFORE.format(text="new.search_text"), tokens.format(text="new.search_text")),
    ):
        schema_editor.execute(statement, params=None)


def index_steps(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(TOKENS, params=None)
        index(schema_editor, tokens=AFTER)
        for name in ("catalog_search_tokens", "catalog_search_sample"):
            schema_editor.execute(f"ALTER INDEX {name} SET (fastupdate = off)", params=None)


def index_strengths(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        index(schema_editor, tokens=BEFORE)
        schema_editor.execute("DROP FUNCTION catalog_search_tokens", params=None)


class Migration(migrations.Migration):

    dependencies = [
        ("catalog", "0006_search_strengths"),
    ]

    operations = [
        migrations.RunPython(index_steps, index_strengths),
    ]
