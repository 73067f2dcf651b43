"""An endpoint, and the pauses that are over."""

from collections.abc import Iterator

import pytest
from django.utils import timezone

from hooks.models import Delivery, Endpoint, Kind
from hooks.services import add_endpoint
from hooks.tasks import deliver_due
from tests.hooks.receiver import Receiver, receiver
from tests.orders.conftest import Bank
from tests.tasks import run_tasks, skip_pauses

EVERYTHING = [kind.value for kind in Kind if kind != Kind.PING]


@pytest.fixture
def server() -> Iterator[Receiver]:
    with receiver() as server:
        yield server


@pytest.fixture
def endpoint(server: Receiver, db: None) -> Endpoint:
    """An endpoint that wants everything."""
    return make_endpoint(server.url)


@pytest.fixture
def bank() -> Bank:
    return Bank()


def make_endpoint(url: str, kinds: list[str] = EVERYTHING) -> Endpoint:
    endpoint = Endpoint(url=url, kinds=kinds)
    add_endpoint(endpoint, now=timezone.now())
    return endpoint


def send() -> None:
    """Let the worker send what it would, once all pauses are over."""
    Delivery.objects.filter(status=Delivery.Status.WAITING).update(next_attempt_at=timezone.now())
    Endpoint.objects.update(paused_until=None)
    skip_pauses()
    deliver_due.call()
    run_tasks()


def the_delivery() -> Delivery:
    return Delivery.objects.get()
