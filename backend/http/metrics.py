"""Metrics for Prometheus: what the database knows, which every machine tells the same, and what this machine counts."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from secrets import compare_digest

from django.conf import settings
from django.db.models import Count
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound
from django.utils import timezone
from django_tasks_db.models import DBTaskResult
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.registry import Collector

from backend.replicas import replicas
from core.metrics import all_counts
from core.worker import late_tasks
from hooks.selectors import delivery_counts, failing_endpoints
from orders.models import Order, OrderStatus, PaymentStatus
from orders.selectors import unsent_mails

# A replica that lacks more of the primary's log answers hardly any query.
MOST_BEHIND_BYTES = 16 * 1024 * 1024
WAITING = (OrderStatus.PENDING, OrderStatus.PAID)
RECENT = timedelta(hours=1)


def metrics(request: HttpRequest) -> HttpResponse:
    """Answer with all metrics, to those who send the token. If the settings have no token, the page does not exist."""
    token = settings.STORE_METRICS_TOKEN
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not token or not compare_digest(given.encode(), token.encode()):
        return HttpResponseNotFound("There is no page at this address.", content_type="text/plain")
    state = CollectorRegistry()
    state.register(State())
    text = generate_latest(state) + generate_latest(all_counts())
    return HttpResponse(text, content_type=CONTENT_TYPE_PLAIN_0_0_4, headers={"Cache-Control": "no-store"})


class State(Collector):
    """Gauges of what the database knows. Each is read when it is collected."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        now = timezone.now()
        found = (
            Order.objects.filter(status__in=WAITING).order_by().values_list("status").annotate(Count("pk"))
        )
        orders = dict(found)
        yield gauge(
            "store_orders",
            "Orders that wait to be paid or shipped.",
            label="status",
            values={status.value: orders.get(status, 0) for status in WAITING},
        )
        recent = Order.objects.filter(created_at__gte=now - RECENT).order_by()
        orders = dict(recent.values_list("status").annotate(Count("pk")))
        yield gauge(
            "store_recent_orders",
            "Orders of the last hour, by what has become of them.",
            label="status",
            values={status.value: orders.get(status, 0) for status in OrderStatus},
        )
        payments = dict(recent.values_list("payments__status").annotate(Count("pk")))
        yield gauge(
            "store_recent_payments",
            "Payments of the orders of the last hour.",
            label="status",
            values={status.value: payments.get(status, 0) for status in PaymentStatus},
        )
        tasks = DBTaskResult.objects.all()
        counts = {"ready": tasks.ready().count(), "late": late_tasks(tasks, now=now).count()}
        counts["failed"] = tasks.failed().count()
        yield gauge(
            "store_tasks",
            "Tasks that wait, that no worker has taken for minutes, and that were given up.",
            label="state",
            values=counts,
        )
        yield GaugeMetricFamily(
            "store_unsent_mails", "Mails about orders that no server has accepted.", unsent_mails().count()
        )
        webhooks = delivery_counts(now)
        yield gauge(
            "store_webhooks",
            "Events that wait for an endpoint, and that were given up.",
            label="state",
            values={state: webhooks[state] for state in ("waiting", "failed")},
        )
        yield GaugeMetricFamily(
            "store_webhooks_lag_seconds", "How long the oldest waiting event has waited.", webhooks["lag"]
        )
        yield GaugeMetricFamily(
            "store_webhook_endpoints_failing",
            "Endpoints that are paused or were switched off because they fail.",
            failing_endpoints().count(),
        )
        states = Counter(state_of_replica(replicas.bytes_behind(alias)) for alias in replicas.aliases)
        yield gauge(
            "store_replicas",
            "Replicas that have nearly all that is committed, that are far behind, and that do not answer.",
            label="state",
            values={state: states[state] for state in ("current", "behind", "away")},
        )


def state_of_replica(bytes_behind: int | None) -> str:
    if bytes_behind is None:
        return "away"
    return "behind" if bytes_behind > MOST_BEHIND_BYTES else "current"


def gauge(name: str, help: str, *, label: str, values: dict[str, int]) -> GaugeMetricFamily:
    """Return a metric with a value for each value of its label."""
    family = GaugeMetricFamily(name, help, labels=[label])
    for text, value in values.items():
        family.add_metric([text], value)
    return family
