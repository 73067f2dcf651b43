import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


def take_over(apps, schema_editor):
    """Give every paid order the row of its confirmation, and a task to each that was not sent yet."""
    Order = apps.get_model('orders', 'Order')
    OrderMail = apps.get_model('orders', 'OrderMail')
    tasks = apps.get_model('django_tasks_database', 'DBTaskResult').objects
    now = django.utils.timezone.now()
    sent = models.Q(confirmation_mailed_at__isnull=False)
    for order in Order.objects.filter(sent | models.Q(status__in=['paid', 'shipped'])).iterator():
        mail = OrderMail.objects.create(
            order=order, kind='confirmation', created_at=order.paid_at, mailed_at=order.confirmation_mailed_at
        )
        if not mail.mailed_at:
            tasks.create(
                task_path='orders.mail.send_promised', args_kwargs={'args': [mail.pk], 'kwargs': {}},
                backend_name='default', run_after=now,
            )


class Migration(migrations.Migration):

    dependencies = [
        ('orders', '0009_requires_shipping'),
        ('django_tasks_database', '0021_conditional_partial_index_ordering'),
    ]

    operations = [
        migrations.CreateModel(
            name='OrderMail',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('confirmation', 'Confirmation')], max_length=20)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('mailed_at', models.DateTimeField(blank=True, null=True)),
                ('order', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='mails', to='orders.order')),
            ],
            options={
                'ordering': ['pk'],
                'indexes': [models.Index(condition=models.Q(('mailed_at', None)), fields=['created_at'], name='order_mail_unsent')],
                'constraints': [models.UniqueConstraint(fields=('order', 'kind'), name='one_mail_per_order_and_kind')],
            },
        ),
        migrations.RunPython(take_over, migrations.RunPython.noop),
    ]
