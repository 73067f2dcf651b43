"""The tasks that send the events."""

from django.utils import timezone
from django_tasks import task

from core.tasks import BY_THE_CLOCK, enqueue, every
from hooks.lanes import drain, due_endpoints

# After everything that a person waits for.
LAST = -10


@task(priority=LAST)
def deliver(endpoint_pk: int) -> int | None:
    """Send what is due to the endpoint, then let the worker go on with whatever else is due."""
    attempts = drain(endpoint_pk)
    if attempts is not None:
        # An event may have come while the lane was busy, and its task found it so: this looks once more.
        wake_due()
    return attempts


@every(minutes=1)
@task(priority=BY_THE_CLOCK)
def deliver_due() -> str:
    """Send what failed before, and what a killed worker has left."""
    return f"{wake_due()} endpoints have something due."


def wake_due() -> int:
    keys = list(due_endpoints(timezone.now()).values_list("pk", flat=True))
    for key in keys:
        enqueue(deliver, key)
    return len(keys)
