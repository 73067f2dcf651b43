from django.db import migrations, models

# What the orders that are pending now hold.
HELD = """
    UPDATE catalog_product SET held = (
        SELECT COALESCE(SUM(item.quantity), 0)
        FROM orders_orderitem AS item JOIN orders_order ON orders_order.uuid = item.order_id
        WHERE item.product_id = catalog_product.id AND orders_order.status = 'pending'
    )
    WHERE id IN (
        SELECT item.product_id
        FROM orders_orderitem AS item JOIN orders_order ON orders_order.uuid = item.order_id
        WHERE orders_order.status = 'pending'
    )
"""


class Migration(migrations.Migration):

    dependencies = [
        ('catalog', '0008_held'),
        ('orders', '0001_initial'),
    ]

    operations = [
        migrations.AddField(
            model_name='order',
            name='confirmation_claimed_at',
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.RunSQL(HELD, migrations.RunSQL.noop),
    ]
