from importlib import import_module

from django.db import migrations, models

import core.text

ROWS = 1000


def fill(apps, schema_editor):
    for name in ("Category", "Product"):
        rows = apps.get_model("catalog", name).objects.using(schema_editor.connection.alias)
        last = 0
        while found := list(rows.filter(pk__gt=last).order_by("pk").values_list("pk", "name")[:ROWS]):
            with schema_editor.connection.cursor() as cursor:
                cursor.executemany(
                    f"UPDATE catalog_{name.lower()} SET sort_name = %s WHERE id = %s",
                    [(core.text.sort_key(text)[:400], pk) for pk, text in found],
                )
            last = found[-1][0]


def make_triggers_again(apps, schema_editor):
    """SQLite has remade catalog_product, and dropped the triggers that keep the index of search."""
    if schema_editor.connection.vendor == "sqlite":
        for statement in import_module("catalog.migrations.0007_search_exactly").SQLITE:
            if "CREATE TRIGGER" in statement:
                schema_editor.execute(statement.replace("TRIGGER", "TRIGGER IF NOT EXISTS", 1), params=None)


class Migration(migrations.Migration):

    dependencies = [
        ("catalog", "0007_search_exactly"),
    ]

    operations = [
        migrations.RunPython(migrations.RunPython.noop, make_triggers_again),
        migrations.RemoveIndex("product", "product_by_name"),
        migrations.RemoveIndex("product", "product_in_category_by_name"),
        migrations.RemoveField("product", "sort_name"),
        migrations.AddField("product", "sort_name", core.text.SortKeyField(default=""), preserve_default=False),
        migrations.AddField("category", "sort_name", core.text.SortKeyField(default=""), preserve_default=False),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.AlterField("category", "sort_name", core.text.SortKeyField(unique=True)),
        migrations.AlterField("category", "name", models.CharField(max_length=100)),
        migrations.AlterModelOptions(
            "category", options={"ordering": ["sort_name"], "verbose_name_plural": "categories"}
        ),
        migrations.AddIndex("product", models.Index(fields=["sort_name", "slug"], name="product_by_name")),
        migrations.AddIndex(
            "product",
            models.Index(fields=["category", "sort_name", "slug"], name="product_in_category_by_name"),
        ),
        migrations.RunPython(make_triggers_again, migrations.RunPython.noop),
    ]
