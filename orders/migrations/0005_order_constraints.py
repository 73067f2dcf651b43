from django.db import migrations, models


class Migration(migrations.Migration):
    """Apart from the rows' values: PostgreSQL indexes no table whose rows were written in the same transaction."""

    dependencies = [
        ('orders', '0004_order_details'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='order',
            index=models.Index(fields=['email'], name='order_by_email'),
        ),
        migrations.AddConstraint(
            model_name='order',
            constraint=models.UniqueConstraint(fields=('number',), name='order_number_once'),
        ),
        migrations.AddConstraint(
            model_name='order',
            constraint=models.CheckConstraint(condition=models.Q(('status__in', ['draft', 'cancelled']), models.Q(('email', ''), _negated=True), _connector='OR'), name='placed_order_has_email'),
        ),
        migrations.AddConstraint(
            model_name='order',
            constraint=models.CheckConstraint(condition=models.Q(('billing_address__isnull', False), models.Q(('billing_company', ''), ('vat_id', '')), _connector='OR'), name='order_billing_has_address'),
        ),
    ]
