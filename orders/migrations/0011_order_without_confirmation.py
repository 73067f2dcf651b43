from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('orders', '0010_order_mails'),
    ]

    operations = [
        migrations.RemoveField(
            model_name='order',
            name='confirmation_claimed_at',
        ),
        migrations.RemoveField(
            model_name='order',
            name='confirmation_mailed_at',
        ),
    ]
