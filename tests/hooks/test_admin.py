"""The staff add endpoints, test them, rotate secrets, read the log, and send events again."""

from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings
from standardwebhooks import Webhook

from hooks.models import Delivery, Endpoint, Kind
from hooks.publishing import News, publish
from tests.hooks.conftest import make_endpoint, the_delivery
from tests.hooks.receiver import Receiver
from tests.staff import clerk, form_on
from tests.tasks import run_tasks

pytestmark = pytest.mark.django_db

ENDPOINTS = reverse("admin:hooks_endpoint_changelist")
ADD = reverse("admin:hooks_endpoint_add")
DELIVERIES = reverse("admin:hooks_delivery_changelist")
HOOK = "https://shop.example/hook"


def page_of(endpoint: Endpoint) -> str:
    return reverse("admin:hooks_endpoint_change", args=[endpoint.pk])


def press(client: Client, button: str, endpoint: Endpoint) -> str:
    """Press a button of the endpoint's page, and return what the page says then."""
    address = reverse(f"admin:hooks_endpoint_{button}", args=[endpoint.pk])
    response = client.post(address, {"_form_submitted": "True"})
    assert response.headers["HX-Redirect"] == page_of(endpoint)
    return " ".join(str(message) for message in get_messages(response.wsgi_request))


class TestAdding:
    def test_the_secret_is_shown_once(self, superuser: Client) -> None:
        form = {"url": HOOK, "kinds": [Kind.ORDER_PAID, Kind.STOCK_LOW], "is_active": "on"}
        response = superuser.post(ADD, form, follow=True)
        endpoint = Endpoint.objects.get()
        assert endpoint.kinds == ["order.paid", "stock.low"]
        assert endpoint.secret in response.content.decode()
        assert endpoint.secret.startswith("whsec_")
        for page in (page_of(endpoint), ENDPOINTS):
            assert endpoint.secret not in superuser.get(page).content.decode()
        assert not LogEntry.objects.filter(change_message__contains=endpoint.secret)

    @pytest.mark.parametrize(
        "url", ["ftp://shop.example/", "https://ada:x@shop.example/", "https://10.0.0.1/", "https://[::1]/"]
    )
    def test_a_bad_address_is_refused(self, superuser: Client, settings: Settings, url: str) -> None:
        settings.STORE_WEBHOOKS_PRIVATE = False
        response = superuser.post(ADD, {"url": url, "kinds": [Kind.ORDER_PAID], "is_active": "on"})
        assert "url" in response.context["adminform"].form.errors
        assert not Endpoint.objects.exists()

    @pytest.mark.parametrize("kinds", [[], ["order.eaten"], [Kind.PING]])
    def test_events_that_there_are_not(self, superuser: Client, kinds: list[str]) -> None:
        response = superuser.post(ADD, {"url": HOOK, "kinds": kinds})
        assert "kinds" in response.context["adminform"].form.errors
        assert not Endpoint.objects.exists()

    @pytest.mark.parametrize("rights", [("view_delivery",), ("view_endpoint",)])
    def test_not_without_the_right(self, rights: tuple[str, ...]) -> None:
        assert clerk(*rights).post(ADD, {"url": HOOK, "kinds": [Kind.ORDER_PAID]}).status_code == 403
        assert not Endpoint.objects.exists()


class TestChanging:
    def test_what_the_page_edits(self, superuser: Client) -> None:
        endpoint = make_endpoint(HOOK)
        opened = superuser.get(page_of(endpoint)).content.decode()
        form = form_on(opened, kinds=[Kind.ORDER_PAID], description="ERP")
        assert superuser.post(page_of(endpoint), form).status_code == 302
        endpoint.refresh_from_db()
        assert (endpoint.kinds, endpoint.description, endpoint.is_active) == (["order.paid"], "ERP", True)

    def test_switching_on_again_forgets_the_failures(self, superuser: Client) -> None:
        endpoint = make_endpoint(HOOK)
        now = timezone.now()
        Endpoint.objects.update(
            is_active=False, failures=30, failing_since=now, paused_until=now, switched_off_at=now
        )
        opened = superuser.get(page_of(endpoint)).content.decode()
        assert "Switched off" in opened
        assert superuser.post(page_of(endpoint), form_on(opened, is_active="on")).status_code == 302
        endpoint.refresh_from_db()
        assert endpoint.is_active
        assert (endpoint.failures, endpoint.failing_since, endpoint.switched_off_at) == (0, None, None)

    def test_a_new_secret(self, superuser: Client) -> None:
        endpoint = make_endpoint(HOOK)
        old = endpoint.secret
        said = press(superuser, "rotate", endpoint)
        endpoint.refresh_from_db()
        assert endpoint.secret in said
        assert (endpoint.old_secret, endpoint.secret != old) == (old, True)
        entry = LogEntry.objects.get()
        assert "secret replaced" in str(entry)
        assert endpoint.secret not in entry.change_message

    def test_a_test(self, superuser: Client, endpoint: Endpoint, server: Receiver) -> None:
        Endpoint.objects.update(paused_until=timezone.now() + timedelta(hours=1), kinds=[])
        press(superuser, "ping", endpoint)
        run_tasks()
        [received] = server.received
        assert Webhook(endpoint.secret).verify(received.body, received.headers)["type"] == "ping"
        assert LogEntry.objects.count() == 1

    def test_no_test_of_one_that_is_off(self, superuser: Client) -> None:
        endpoint = make_endpoint(HOOK)
        Endpoint.objects.update(is_active=False)
        assert "not active" in press(superuser, "ping", endpoint)
        assert not Delivery.objects.exists()
        assert not LogEntry.objects.exists()

    @pytest.mark.parametrize("button", ["ping", "rotate"])
    def test_not_without_the_right(self, button: str) -> None:
        endpoint = make_endpoint(HOOK)
        address = reverse(f"admin:hooks_endpoint_{button}", args=[endpoint.pk])
        assert clerk("view_endpoint").post(address, {"_form_submitted": "True"}).status_code == 403
        assert not Delivery.objects.exists()
        assert Endpoint.objects.get().secret == endpoint.secret

    @pytest.mark.parametrize("button", ["ping", "rotate"])
    def test_a_link_presses_no_button(self, superuser: Client, button: str) -> None:
        endpoint = make_endpoint(HOOK)
        superuser.get(reverse(f"admin:hooks_endpoint_{button}", args=[endpoint.pk]))
        assert not Delivery.objects.exists()
        assert Endpoint.objects.get().secret == endpoint.secret


class TestLog:
    def test_shows_what_was_sent_and_answered(
        self, superuser: Client, endpoint: Endpoint, server: Receiver
    ) -> None:
        server.status, server.answer = 500, b"<b>Oh dear</b>"
        publish(Kind.ORDER_PAID, [News(node="Order", key=1, data={})], now=timezone.now())
        run_tasks()
        shown = superuser.get(DELIVERIES).content.decode()
        assert "Order:1" in shown
        page = reverse("admin:hooks_delivery_change", args=[the_delivery().pk])
        shown = superuser.get(page).content.decode()
        assert "&lt;b&gt;Oh dear&lt;/b&gt;" in shown
        assert "order.paid" in shown
        assert endpoint.secret not in shown

    def test_sends_again(self, superuser: Client, endpoint: Endpoint, server: Receiver) -> None:
        publish(Kind.ORDER_PAID, [News(node="Order", key=1, data={})], now=timezone.now())
        run_tasks()
        form = {"action": "send_again", "_selected_action": [the_delivery().pk]}
        said = superuser.post(DELIVERIES, form, follow=True).content.decode()
        assert "1 event is sent again." in said
        run_tasks()
        assert len(server.received) == 2
        assert LogEntry.objects.filter(change_message__contains="Sent again").count() == 1

    def test_not_without_the_right(self, endpoint: Endpoint, server: Receiver) -> None:
        publish(Kind.ORDER_PAID, [News(node="Order", key=1, data={})], now=timezone.now())
        run_tasks()
        form = {"action": "send_again", "_selected_action": [the_delivery().pk]}
        clerk("view_delivery").post(DELIVERIES, form)
        run_tasks()
        assert len(server.received) == 1
        assert not LogEntry.objects.exists()


class TestDashboard:
    def test_shows_endpoints_that_fail(self, superuser: Client) -> None:
        make_endpoint(HOOK)
        assert "Webhooks failing" not in superuser.get("/admin/").content.decode()
        Endpoint.objects.update(is_active=False, switched_off_at=timezone.now())
        assert "Webhooks failing" in superuser.get("/admin/").content.decode()
        assert "Webhooks failing" not in clerk("view_order").get("/admin/").content.decode()
