from django.db import migrations
from django.db.models import F


def write_parcels(apps, schema_editor):
    """Write one parcel for each order that was shipped before there were parcels."""
    order, order_item = apps.get_model('orders', 'Order'), apps.get_model('orders', 'OrderItem')
    fulfilment, portion = apps.get_model('orders', 'Fulfilment'), apps.get_model('orders', 'Portion')
    stock_movement = apps.get_model('catalog', 'StockMovement')
    shipped = order.objects.filter(shipped_at__isnull=False)
    fulfilment.objects.bulk_create(
        (fulfilment(order_id=key, shipped_at=at) for key, at in shipped.values_list('pk', 'shipped_at').iterator()),
        batch_size=1000,
    )
    parcels = dict(fulfilment.objects.values_list('order', 'pk'))
    items = order_item.objects.filter(order__shipped_at__isnull=False)
    portion.objects.bulk_create(
        (
            portion(fulfilment_id=parcels[key], item_id=item, quantity=quantity)
            for item, key, quantity in items.values_list('pk', 'order', 'quantity').iterator()
        ),
        batch_size=1000,
    )
    items.update(fulfilled=F('quantity'))
    restocked = stock_movement.objects.filter(reason='restocked').values('order_uuid')
    items.filter(order__in=restocked).update(restocked=F('quantity'))


class Migration(migrations.Migration):

    dependencies = [
        ('catalog', '0011_put_back'),
        ('orders', '0012_parcels'),
    ]

    operations = [migrations.RunPython(write_parcels, migrations.RunPython.noop)]
