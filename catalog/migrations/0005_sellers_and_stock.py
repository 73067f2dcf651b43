import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("catalog", "0004_category_pages"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddIndex(
            model_name="product",
            index=models.Index(fields=["user", "added_at", "slug"], name="product_of_seller_by_added"),
        ),
        migrations.AddIndex(
            model_name="product",
            index=models.Index(fields=["user", "final_price", "slug"], name="product_of_seller_by_price"),
        ),
        migrations.AddIndex(
            model_name="product",
            index=models.Index(fields=["user", "category"], name="product_of_seller_in_category"),
        ),
        migrations.AddIndex(
            model_name="product",
            index=models.Index(
                condition=models.Q(("stock__gt", 0)), fields=["category", "discount"], name="product_in_stock"
            ),
        ),
        migrations.AddIndex(
            model_name="product",
            index=models.Index(
                condition=models.Q(("stock", 0)), fields=["category", "discount"], name="product_sold_out"
            ),
        ),
        migrations.AddIndex(
            model_name="product",
            index=models.Index(
                condition=models.Q(("stock__lte", 10)),
                fields=["stock", "sold_count", "slug"],
                name="product_running_out",
            ),
        ),
        # Dropped by name: on SQLite, changing the fields would remake the table, and lose the triggers of search.
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    "DROP INDEX catalog_product_category_id_35bf920b",
                    "CREATE INDEX catalog_product_category_id_35bf920b ON catalog_product (category_id)",
                ),
                migrations.RunSQL(
                    "DROP INDEX catalog_product_user_id_1834aa1f",
                    "CREATE INDEX catalog_product_user_id_1834aa1f ON catalog_product (user_id)",
                ),
            ],
            state_operations=[
                migrations.AlterField(
                    model_name="product",
                    name="category",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="products",
                        to="catalog.category",
                    ),
                ),
                migrations.AlterField(
                    model_name="product",
                    name="user",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="products",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="seller",
                    ),
                ),
            ],
        ),
    ]
