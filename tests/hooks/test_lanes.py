"""Sending: in order, until it succeeds, one at a time for each endpoint, and never at the cost of other work."""

from datetime import timedelta
from uuid import UUID

import pytest
from django.core.management import call_command
from django.db import transaction
from django.utils import timezone
from django_tasks_db.models import DBTaskResult
from standardwebhooks import Webhook

from hooks import connection, lanes, services
from hooks.lanes import MOST_FAILURES, OFF_AFTER, OFF_FAILURES, PATIENCE, drain, due_endpoints
from hooks.models import Delivery, Endpoint, Kind
from hooks.publishing import News, global_id, publish
from hooks.tasks import deliver, deliver_due
from tests.hooks.conftest import make_endpoint, send, the_delivery
from tests.hooks.receiver import Receiver
from tests.tasks import run_tasks, skip_pauses

pytestmark = pytest.mark.django_db

Status = Delivery.Status


def happen(key: object, kind: Kind = Kind.ORDER_PAID, **data: str) -> None:
    publish(kind, [News(node="Order", key=key, data=data)], now=timezone.now())


def keys_of(server: Receiver) -> list[str]:
    return [received.event["data"]["id"] for received in server.received]


class TestDelivery:
    def test_is_signed_and_recorded(self, endpoint: Endpoint, server: Receiver) -> None:
        server.status, server.answer = 200, b"Thank you\n"
        happen(1, status="PAID")
        run_tasks()
        [received] = server.received
        event = Webhook(endpoint.secret).verify(received.body, received.headers)
        assert received.headers["content-type"] == "application/json"
        assert (event["type"], event["data"]["id"]) == ("order.paid", global_id("Order", 1))
        assert event["timestamp"] == event["data"]["updatedAt"]
        delivery = the_delivery()
        assert UUID(received.headers["webhook-id"]) == delivery.event
        assert (delivery.status, delivery.attempts, delivery.delivered_at is not None) == (
            "delivered",
            1,
            True,
        )
        assert (delivery.answer_status, delivery.answer) == (200, "Thank you")
        send()
        assert len(server.received) == 1

    def test_what_is_rolled_back_is_not_sent(self, endpoint: Endpoint, server: Receiver) -> None:
        with transaction.atomic():
            happen(1)
            transaction.set_rollback(True)
        send()
        assert server.received == []
        assert not Delivery.objects.exists()
        assert not DBTaskResult.objects.filter(task_path=deliver.module_path).exists()

    def test_each_endpoint_gets_what_it_wants(self, endpoint: Endpoint, server: Receiver) -> None:
        only = make_endpoint(server.url, [Kind.ORDER_PAID])
        off = make_endpoint(server.url)
        off.is_active = False
        off.save()
        happen(1)
        happen(2, Kind.ORDER_SHIPPED)
        run_tasks()
        assert sorted(server.types) == ["order.paid", "order.paid", "order.shipped"]
        assert list(only.deliveries.values_list("kind", flat=True)) == ["order.paid"]
        assert len(set(server.ids)) == 2  # an event has one id, whoever gets it

    def test_two_secrets_sign_during_a_rotation(self, endpoint: Endpoint, server: Receiver) -> None:
        old = endpoint.secret
        new = services.rotate_secret(endpoint, now=timezone.now())
        happen(1)
        run_tasks()
        for secret in (old, new):
            Webhook(secret).verify(server.received[0].body, server.received[0].headers)
        Endpoint.objects.update(old_secret_until=timezone.now())
        happen(2)
        run_tasks()
        assert len(server.received[1].headers["webhook-signature"].split()) == 1
        Webhook(new).verify(server.received[1].body, server.received[1].headers)

    def test_the_same_id_and_body_at_each_attempt(self, endpoint: Endpoint, server: Receiver) -> None:
        server.status = 500
        happen(1)
        run_tasks()
        server.status = 200
        send()
        first, second = server.received
        assert (first.headers["webhook-id"], first.body) == (second.headers["webhook-id"], second.body)

    def test_sent_again_by_the_staff(self, endpoint: Endpoint, server: Receiver) -> None:
        happen(1)
        run_tasks()
        assert services.send_again(Delivery.objects.all(), now=timezone.now()) == 1
        assert services.send_again(Delivery.objects.all(), now=timezone.now()) == 0
        run_tasks()
        assert len(set(server.ids)) == 1
        assert len(server.received) == the_delivery().attempts == 2

    def test_several_changes_of_one_thing_are_one_event(self, endpoint: Endpoint, server: Receiver) -> None:
        for number in "123":
            happen(1, Kind.PRODUCT_CHANGED, change=number)
        happen(2, Kind.PRODUCT_CHANGED)
        happen(1, Kind.ORDER_PAID)
        assert Delivery.objects.count() == 3
        send()
        happen(1, Kind.PRODUCT_CHANGED, change="4")
        send()
        changes = [
            r.event["data"].get("change") for r in server.received if r.event["type"] == "product.changed"
        ]
        assert changes == ["3", None, "4"]

    def test_a_change_during_an_attempt_is_another_event(
        self, endpoint: Endpoint, server: Receiver, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The receiver may have read the product before the change."""
        happen(1, Kind.PRODUCT_CHANGED, change="1")
        real = connection.post

        def post(*sent: object) -> object:
            monkeypatch.setattr(lanes, "post", real)
            happen(1, Kind.PRODUCT_CHANGED, change="2")
            return real(*sent)  # type: ignore[arg-type]

        monkeypatch.setattr(lanes, "post", post)
        send()
        send()
        assert [received.event["data"]["change"] for received in server.received] == ["1", "2"]


class TestFailures:
    @pytest.mark.parametrize("status", [301, 400, 404, 500])
    def test_anything_but_success_is_tried_again(
        self, endpoint: Endpoint, server: Receiver, status: int
    ) -> None:
        server.status = status
        happen(1)
        run_tasks()
        delivery = the_delivery()
        assert (delivery.status, delivery.answer_status) == ("waiting", server.status)
        assert timedelta(seconds=50) < delivery.next_attempt_at - timezone.now() <= timedelta(minutes=1)

    def test_the_pauses_grow_with_the_time_up_to_a_limit(self, endpoint: Endpoint, server: Receiver) -> None:
        server.status = 500
        happen(1)
        pauses = []
        for waited in (0, 1, 2, 4, 40, 100, 2000):
            Delivery.objects.update(queued_at=timezone.now() - timedelta(minutes=waited))
            send()
            pauses.append(round((the_delivery().next_attempt_at - timezone.now()).total_seconds() / 60))
        assert pauses == [1, 1, 2, 4, 40, 60, 60]
        assert the_delivery().attempts == 7

    def test_after_days_an_event_is_given_up(self, endpoint: Endpoint, server: Receiver) -> None:
        server.status = 500
        happen(1)
        Delivery.objects.update(queued_at=timezone.now() - PATIENCE)
        send()
        assert the_delivery().status == Status.FAILED
        server.status = 200
        send()
        assert len(server.received) == 1
        services.send_again(Delivery.objects.all(), now=timezone.now())
        send()
        assert the_delivery().status == Status.DELIVERED

    def test_an_endpoint_that_is_down_costs_few_attempts(self, endpoint: Endpoint, server: Receiver) -> None:
        server.status = 500
        for key in range(20):
            happen(key)
        run_tasks()
        assert len(server.received) == MOST_FAILURES
        endpoint.refresh_from_db()
        assert endpoint.paused_until
        assert endpoint.paused_until > timezone.now() + timedelta(seconds=50)
        happen(21)
        skip_pauses()
        run_tasks()
        deliver_due.call()
        run_tasks()
        assert len(server.received) == MOST_FAILURES

    @pytest.mark.slow
    def test_an_hour_of_errors_then_everything_once_and_in_order(
        self, endpoint: Endpoint, server: Receiver
    ) -> None:
        """As the minutes pass, the clock's task looks each minute, and the shop goes on selling."""
        server.status = 500
        for minute in range(60):
            happen(minute)
            happen(minute, Kind.ORDER_SHIPPED)
            pass_minutes(1)
        refused = len(server.received)
        assert refused < 60
        server.received.clear()
        server.status = 200
        for _ in range(16):
            pass_minutes(1)
        assert sorted(server.ids) == sorted(
            str(event) for event in Delivery.objects.values_list("event", flat=True)
        )
        assert len(server.ids) == 120
        for minute in range(60):
            of_order = [r for r in server.received if r.event["data"]["id"] == global_id("Order", minute)]
            assert [r.event["type"] for r in of_order] == ["order.paid", "order.shipped"]
        endpoint.refresh_from_db()
        assert (endpoint.failures, endpoint.failing_since, endpoint.paused_until) == (0, None, None)

    def test_one_event_that_is_refused_holds_back_only_its_subject(
        self, endpoint: Endpoint, server: Receiver
    ) -> None:
        server.refuses[global_id("Order", 1)] = 500
        happen(1)
        happen(1, Kind.ORDER_SHIPPED)
        happen(2)
        run_tasks()
        assert keys_of(server) == [global_id("Order", 1), global_id("Order", 2)]
        assert server.types == ["order.paid", "order.paid"]
        server.refuses.clear()
        send()
        assert server.types[2:] == ["order.paid", "order.shipped"]
        assert keys_of(server)[2:] == [global_id("Order", 1)] * 2

    def test_what_waits_behind_another_does_not_keep_the_worker_busy(
        self, endpoint: Endpoint, server: Receiver
    ) -> None:
        server.refuses[global_id("Order", 1)] = 500
        happen(1)
        happen(1, Kind.ORDER_SHIPPED)
        run_tasks()
        assert not due_endpoints(timezone.now()).exists()

    def test_after_days_an_endpoint_is_switched_off(self, endpoint: Endpoint, server: Receiver) -> None:
        server.status = 500
        happen(1)
        for columns in (
            {"failures": OFF_FAILURES, "failing_since": timezone.now() - OFF_AFTER / 2},
            {"failures": OFF_FAILURES - 2, "failing_since": timezone.now() - OFF_AFTER},
            {"failures": OFF_FAILURES - 1, "failing_since": timezone.now() - OFF_AFTER},
        ):
            endpoint.refresh_from_db()
            assert endpoint.is_active
            Endpoint.objects.update(**columns)
            send()
        endpoint.refresh_from_db()
        assert not endpoint.is_active
        assert endpoint.switched_off_at
        happen(2)
        assert Delivery.objects.count() == 1
        server.status = 200
        endpoint.is_active = True
        endpoint.save()
        services.resume(endpoint)
        send()
        endpoint.refresh_from_db()
        assert [endpoint.switched_off_at, endpoint.failures] == [None, 0]
        assert the_delivery().status == Status.DELIVERED

    def test_one_that_says_that_it_is_gone_is_switched_off_at_once(
        self, endpoint: Endpoint, server: Receiver
    ) -> None:
        server.status = 410
        happen(1)
        happen(2)
        run_tasks()
        endpoint.refresh_from_db()
        assert not endpoint.is_active
        assert len(server.received) == 1

    def test_one_that_does_not_answer_is_tried_again(self, server: Receiver) -> None:
        make_endpoint("http://127.0.0.1:1/")
        happen(1)
        run_tasks()
        assert (the_delivery().status, the_delivery().answer_status) == ("waiting", None)
        assert "refused" in the_delivery().answer


def pass_minutes(minutes: int) -> None:
    """Let time pass: everything that was noted lies further back. Then the clock's task runs."""
    passed = timedelta(minutes=minutes)
    for delivery in Delivery.objects.filter(status=Status.WAITING):
        Delivery.objects.filter(pk=delivery.pk).update(
            queued_at=delivery.queued_at - passed, next_attempt_at=delivery.next_attempt_at - passed
        )
    for endpoint in Endpoint.objects.all():
        for name in ("failing_since", "paused_until"):
            if moment := getattr(endpoint, name):
                Endpoint.objects.filter(pk=endpoint.pk).update(**{name: moment - passed})
    run_tasks()
    deliver_due.call()
    run_tasks()


class TestLanes:
    def test_a_busy_endpoint_is_left_to_the_other_worker(self, endpoint: Endpoint, server: Receiver) -> None:
        happen(1)
        Endpoint.objects.update(busy_until=timezone.now() + timedelta(seconds=30))
        assert drain(endpoint.pk) is None
        assert not due_endpoints(timezone.now()).exists()
        assert server.received == []

    def test_what_a_killed_worker_left_is_taken_up(self, endpoint: Endpoint, server: Receiver) -> None:
        happen(1)
        DBTaskResult.objects.all().delete()
        Endpoint.objects.update(busy_until=timezone.now())
        deliver_due.call()
        run_tasks()
        assert len(server.received) == 1
        endpoint.refresh_from_db()
        assert endpoint.busy_until is None

    def test_a_worker_that_has_lost_the_lane_stops(
        self, endpoint: Endpoint, server: Receiver, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        happen(1)
        happen(2)
        real, others = connection.post, timezone.now() + timedelta(hours=1)

        def post(*sent: object) -> object:
            Endpoint.objects.update(busy_until=others)  # while this one was frozen
            return real(*sent)  # type: ignore[arg-type]

        monkeypatch.setattr(lanes, "post", post)
        assert drain(endpoint.pk) == 1
        endpoint.refresh_from_db()
        assert endpoint.busy_until == others

    def test_an_event_that_comes_while_the_lane_is_left_is_sent(
        self, endpoint: Endpoint, server: Receiver, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Its own task finds the lane busy, so whoever leaves it looks once more."""
        happen(1)
        real = lanes.due_deliveries

        def none_yet(now: object) -> object:
            monkeypatch.setattr(lanes, "due_deliveries", real)
            DBTaskResult.objects.filter(status="READY").delete()
            return Delivery.objects.none()

        monkeypatch.setattr(lanes, "due_deliveries", none_yet)
        run_tasks()
        assert len(server.received) == 1

    def test_a_worker_sends_to_few_endpoints_at_the_same_time(
        self, endpoint: Endpoint, server: Receiver
    ) -> None:
        happen(1)
        for _ in range(lanes.AT_ONCE):
            assert lanes.places.acquire(blocking=False)
        try:
            assert drain(endpoint.pk) is None
        finally:
            for _ in range(lanes.AT_ONCE):
                lanes.places.release()
        assert server.received == []
        assert drain(endpoint.pk) == 1

    def test_a_turn_ends_and_the_rest_has_another(
        self, endpoint: Endpoint, server: Receiver, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(lanes, "TURN_SECONDS", 0.05)
        server.slow = 0.06
        for key in range(3):
            happen(key)
        assert drain(endpoint.pk) == 1
        server.slow = 0
        run_tasks()
        assert len(server.received) == 3

    def test_the_command_sends_what_is_due(
        self, endpoint: Endpoint, server: Receiver, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """For shops with another backend of tasks."""
        happen(1)
        happen(2)
        call_command("deliver_webhooks")
        assert len(server.received) == 2
        assert capsys.readouterr().out == "2 events sent.\n"

    def test_mails_come_before_webhooks(self, endpoint: Endpoint) -> None:
        happen(1)
        assert DBTaskResult.objects.get().priority < 0

    def test_a_deleted_endpoint_takes_its_log_along(self, endpoint: Endpoint, server: Receiver) -> None:
        happen(1)
        endpoint.delete()
        run_tasks()
        assert server.received == []
        assert not Delivery.objects.exists()
