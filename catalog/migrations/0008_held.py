from django.db import migrations, models


class AddColumn(migrations.AddField):
    """On SQLite in place: a table that is remade loses its triggers, which keep the index of search."""

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        if schema_editor.connection.vendor == "sqlite":
            schema_editor.execute(
                'ALTER TABLE "catalog_product" ADD COLUMN "held" integer unsigned DEFAULT 0 NOT NULL CHECK ("held" >= 0)'
            )
        else:
            super().database_forwards(app_label, schema_editor, from_state, to_state)

    def database_backwards(self, app_label, schema_editor, from_state, to_state):
        if schema_editor.connection.vendor == "sqlite":
            schema_editor.execute('ALTER TABLE "catalog_product" DROP COLUMN "held"')
        else:
            super().database_backwards(app_label, schema_editor, from_state, to_state)


class Migration(migrations.Migration):

    dependencies = [
        ('catalog', '0007_search_exactly'),
    ]

    operations = [
        AddColumn(
            model_name='product',
            name='held',
            field=models.PositiveIntegerField(db_default=0, default=0, editable=False),
        ),
        migrations.AddIndex(
            model_name='product',
            index=models.Index(condition=models.Q(('held__gt', 0)), fields=['held'], name='product_held'),
        ),
    ]
