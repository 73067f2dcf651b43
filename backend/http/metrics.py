"""Metrics for Prometheus: what the database knows, so that every process of every machine tells the same."""

from collections import Counter
from collections.abc import Iterator
from secrets import compare_digest

from django.conf import settings
from django.db.models import Count
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from backend.replicas import replicas
from core.worker import late_tasks
from hooks.selectors import delivery_counts, failing_endpoints
from orders.models import Order, OrderStatus
from orders.selectors import unsent_mails

# A replica that lacks more of the primary's log answers hardly any query.
MOST_BEHIND_BYTES = 16 * 1024 * 1024
WAITING = (OrderStatus.PENDING, OrderStatus.PAID)
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def metrics(request: HttpRequest) -> HttpResponse:
    """Answer with all metrics, to those who send the token. If the settings have no token, the page does not exist."""
    token = settings.STORE_METRICS_TOKEN
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not token or not compare_digest(given.encode(), token.encode()):
        return HttpResponseNotFound("There is no page at this address.", content_type="text/plain")
    text = "".join(f"{line}\n" for line in lines())
    return HttpResponse(text, content_type=CONTENT_TYPE, headers={"Cache-Control": "no-store"})


def lines() -> Iterator[str]:
    now = timezone.now()
    found = Order.objects.filter(status__in=WAITING).order_by().values_list("status").annotate(Count("pk"))
    orders = dict(found)
    yield from gauge(
        "store_orders",
        "Orders that wait to be paid or shipped.",
        {f'{{status="{status.value}"}}': orders.get(status, 0) for status in WAITING},
    )
    tasks = DBTaskResult.objects.all()
    counts = {"ready": tasks.ready().count(), "late": late_tasks(tasks, now=now).count()}
    counts["failed"] = tasks.failed().count()
    yield from gauge(
        "store_tasks",
        "Tasks that wait, that no worker has taken for minutes, and that were given up.",
        {f'{{state="{state}"}}': number for state, number in counts.items()},
    )
    yield from gauge(
        "store_unsent_mails", "Mails about orders that no server has accepted.", {"": unsent_mails().count()}
    )
    webhooks = delivery_counts(now)
    yield from gauge(
        "store_webhooks",
        "Events that wait for an endpoint, and that were given up.",
        {f'{{state="{state}"}}': webhooks[state] for state in ("waiting", "failed")},
    )
    yield from gauge(
        "store_webhooks_lag_seconds", "How long the oldest waiting event has waited.", {"": webhooks["lag"]}
    )
    yield from gauge(
        "store_webhook_endpoints_failing",
        "Endpoints that are paused or were switched off because they fail.",
        {"": failing_endpoints().count()},
    )
    states = Counter(state_of_replica(replicas.bytes_behind(alias)) for alias in replicas.aliases)
    yield from gauge(
        "store_replicas",
        "Replicas that have nearly all that is committed, that are far behind, and that do not answer.",
        {f'{{state="{state}"}}': states[state] for state in ("current", "behind", "away")},
    )


def state_of_replica(bytes_behind: int | None) -> str:
    if bytes_behind is None:
        return "away"
    return "behind" if bytes_behind > MOST_BEHIND_BYTES else "current"


def gauge(name: str, help: str, values: dict[str, int]) -> Iterator[str]:
    """Return the lines of a metric, whose values stand under their labels."""
    yield f"# HELP {name} {help}"
    yield f"# TYPE {name} gauge"
    for labels, value in values.items():
        yield f"{name}{labels} {value}"
