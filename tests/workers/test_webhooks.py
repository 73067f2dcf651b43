"""Workers as processes, and endpoints that fail, hang, or lose what they were sent."""

import time
from collections import Counter
from collections.abc import Iterator

import pytest
from django.utils import timezone

from accounts.tasks import mail_password_reset
from core.tasks import enqueue
from hooks.models import Delivery, Endpoint, Kind
from hooks.publishing import News, global_id, publish
from tests.factories import make_user
from tests.hooks.conftest import make_endpoint
from tests.hooks.receiver import Receiver, receiver
from tests.workers.conftest import Start, wait_until
from tests.workers.smtp import MailServer

pytestmark = pytest.mark.slow

ORDERS = 10
LIFE = [Kind.ORDER_PLACED, Kind.ORDER_PAID, Kind.ORDER_SHIPPED]


@pytest.fixture
def endpoint_server() -> Iterator[Receiver]:
    with receiver() as server:
        yield server


@pytest.fixture
def endpoint(transactional_db: None, endpoint_server: Receiver) -> Endpoint:
    return make_endpoint(endpoint_server.url)


def happen() -> None:
    """Let each order be placed, paid and shipped."""
    for kind in LIFE:
        for key in range(ORDERS):
            publish(kind, [News(node="Order", key=key, data={})], now=timezone.now())


def are_delivered() -> bool:
    return Delivery.objects.filter(status=Delivery.Status.DELIVERED).count() == ORDERS * len(LIFE)


def lives(server: Receiver) -> list[list[str]]:
    """Return what came of each order, in order."""
    return [
        [
            received.event["type"]
            for received in server.received
            if received.event["data"]["id"] == global_id("Order", key)
        ]
        for key in range(ORDERS)
    ]


def test_two_workers_send_each_event_once_and_in_order(
    start: Start, endpoint: Endpoint, endpoint_server: Receiver
) -> None:
    happen()
    for _ in range(2):
        start(threads=4)
    wait_until(are_delivered)
    assert lives(endpoint_server) == [list(LIFE)] * ORDERS
    assert set(Counter(endpoint_server.ids).values()) == {1}


def test_an_endpoint_that_was_down_gets_each_once_it_is_back(
    start: Start, endpoint: Endpoint, endpoint_server: Receiver
) -> None:
    endpoint_server.status = 500
    happen()
    for _ in range(2):
        start(threads=4)
    wait_until(lambda: len(endpoint_server.received) > 5)
    endpoint_server.status = 204
    refused = len(endpoint_server.received)
    wait_until(are_delivered)
    accepted = Counter(endpoint_server.ids[refused:])
    assert len(accepted) == ORDERS * len(LIFE)
    # The attempt that was under way when the test looked may be among both.
    assert sum(accepted.values()) <= len(accepted) + 1


def test_a_worker_that_is_killed_while_the_endpoint_thinks(
    start: Start, endpoint: Endpoint, endpoint_server: Receiver
) -> None:
    endpoint_server.slow = 2
    happen()
    killed = start(threads=4)
    wait_until(lambda: len(endpoint_server.received) == 1)
    killed.kill()
    endpoint_server.slow = 0
    start(threads=4)
    wait_until(are_delivered)
    counts = Counter(endpoint_server.ids)
    assert sorted(counts.values()) == [1] * (ORDERS * len(LIFE) - 1) + [2]
    assert [list(dict.fromkeys(life)) for life in lives(endpoint_server)] == [list(LIFE)] * ORDERS


def test_endpoints_that_hang_do_not_stop_the_mails(
    start: Start, endpoint: Endpoint, server: MailServer
) -> None:
    """Five endpoints that never answer, and a worker of four threads."""
    with receiver() as hanging:
        hanging.slow = 30
        for _ in range(5):
            make_endpoint(hanging.url)
        happen()
        start(threads=4)
        wait_until(lambda: len(hanging.received) >= 2)
        began = time.monotonic()
        for number in range(5):
            email = f"person{number}@example.net"
            make_user(email=email)
            enqueue(mail_password_reset, email)
        wait_until(lambda: len(server.mails) == 5)
        assert time.monotonic() - began < 5


def test_an_endpoint_that_hangs_delays_no_other(
    start: Start, endpoint: Endpoint, endpoint_server: Receiver
) -> None:
    with receiver() as hanging:
        hanging.slow = 30
        slow = make_endpoint(hanging.url)
        happen()
        start(threads=4)
        wait_until(lambda: len(endpoint_server.received) == ORDERS * len(LIFE))
        assert len(hanging.received) == 1
        assert not slow.deliveries.filter(status=Delivery.Status.DELIVERED).exists()
