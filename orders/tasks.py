"""The tasks of orders that run by the clock. The commands of the same names run them at once."""

from uuid import UUID

from django.utils import timezone
from django_tasks import task

from core.batches import Batch
from core.tasks import BY_THE_CLOCK, every
from orders.cancellation import expire
from orders.models import Payment
from orders.payments.gateway import patiently
from orders.payments.reconciliation import reconcile, unfinished_payments
from orders.selectors import expired_orders


@every(minutes=1)
@task(priority=BY_THE_CLOCK)
def expire_orders() -> str:
    """Cancel the pending orders whose time is over, one at a time. A second run at the same time does no harm."""
    overdue = list(expired_orders(timezone.now()).values_list("pk", flat=True))
    batch = Batch()
    with patiently():
        batch.run(give_up, overdue)
    return batch.close(f"{batch.done} of {len(overdue)} overdue orders expired.")


@every(minutes=10)
@task(priority=BY_THE_CLOCK)
def reconcile_payments() -> str:
    """Finish the payments and refunds that a crash or an outage has interrupted."""
    payments = list(unfinished_payments())
    batch = Batch()
    with patiently():
        batch.run(settle_now, payments)
    return batch.close(f"{batch.done} payments reconciled, {len(payments) - batch.done} left for later.")


def give_up(order_uuid: UUID) -> bool:
    return expire(order_uuid, now=timezone.now())


def settle_now(payment: Payment) -> bool:
    return reconcile(payment, now=timezone.now())
