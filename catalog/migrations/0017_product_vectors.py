import django.db.models.deletion
from django.db import migrations, models


def drop_trigger(apps, schema_editor):
    """Drop the trigger that writes the table, before the table goes: with it SQLite could not alter any table."""
    of_table = " ON catalog_product" if schema_editor.connection.vendor == "postgresql" else ""
    schema_editor.execute(f"DROP TRIGGER IF EXISTS catalog_product_reworded{of_table}")


class Migration(migrations.Migration):

    dependencies = [
        ('catalog', '0016_search_terms'),
    ]

    operations = [
        migrations.CreateModel(
            name='ProductVector',
            fields=[
                ('product', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='+', serialize=False, to='catalog.product')),
                ('version', models.PositiveSmallIntegerField()),
                ('revision', models.BigIntegerField()),
                ('signs', models.BinaryField()),
                ('numbers', models.BinaryField()),
            ],
            options={
                'default_permissions': (),
                'indexes': [models.Index(fields=['version', 'revision'], name='vectors_by_revision')],
            },
        ),
        # Undone first.
        migrations.RunPython(migrations.RunPython.noop, drop_trigger),
    ]
