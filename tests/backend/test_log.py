"""What the staff do with rows of a list is in the admin's log."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group
from django.db import models
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone
from django_tasks_db.models import DBTaskResult
from pytest_django import Settings

from accounts.tasks import mail_password_reset
from core.tasks import enqueue
from hooks.models import Delivery, Kind
from hooks.publishing import News, publish
from orders.fulfilment import ship
from orders.models import Order
from orders.refunding import refund
from tests.conftest import GraphQLClient
from tests.factories import make_comment, make_product, make_staff, make_user
from tests.hooks.conftest import make_endpoint
from tests.orders.conftest import Bank, add_to_cart, checkout

pytestmark = pytest.mark.django_db

# They show, and change nothing. Django logs its own deletion.
READING = {"orders.order": {"export"}, "catalog.product": {"export"}}


def paid() -> Order:
    browser = GraphQLClient()
    add_to_cart(browser, make_product())
    uuid = checkout(browser)["uuid"]
    Bank().pay(uuid)
    return Order.objects.get(pk=uuid)


def refunded() -> Order:
    order = paid()
    ship(order, now=timezone.now())
    refund(order_uuid=order.pk, amount=order.amount, now=timezone.now())
    return order


def failed_task() -> DBTaskResult[Any, Any]:
    enqueue(mail_password_reset, "ada@example.com")
    DBTaskResult.objects.update(status="FAILED")
    return DBTaskResult.objects.get()


def delivery() -> Delivery:
    make_endpoint("https://shop.example/hook")
    publish(Kind.ORDER_PAID, [News(node="Order", key=1, data={})], now=timezone.now())
    Delivery.objects.update(status="failed")
    return Delivery.objects.get()


LOGGED: dict[tuple[str, str], Callable[[], models.Model]] = {
    ("accounts.user", "remove_avatars"): make_user,
    ("accounts.user", "remove_second_factors"): make_user,
    ("catalog.product", "publish"): lambda: make_product(published_at=None),
    ("catalog.product", "unpublish"): make_product,
    ("django_tasks_database.dbtaskresult", "run_again"): failed_task,
    ("hooks.delivery", "send_again"): delivery,
    ("orders.order", "cancel_orders"): paid,
    ("orders.order", "restock_orders"): refunded,
    ("orders.order", "ship_orders"): paid,
    ("reviews.comment", "keep"): make_comment,
    ("reviews.comment", "switch_off"): make_comment,
    ("reviews.comment", "switch_on"): make_comment,
}


def test_every_action_is_tried() -> None:
    request = RequestFactory().get("/")
    request.user = make_staff()
    found = {
        (model._meta.label_lower, action)
        for model, page in admin.site._registry.items()
        if model is not Group
        for action in page.get_actions(request)
        if action != "delete_selected" and action not in READING.get(model._meta.label_lower, ())
    }
    assert found == LOGGED.keys()


@pytest.mark.parametrize(("label", "action"), LOGGED)
def test_it_is_in_the_log(superuser: Client, settings: Settings, label: str, action: str) -> None:
    settings.STORE_SHIP_ON_PAYMENT = False
    row = LOGGED[label, action]()
    page = reverse(f"admin:{label.replace('.', '_')}_changelist")
    superuser.post(page, {"action": action, "_selected_action": [row.pk]})
    [entry] = LogEntry.objects.all()
    assert (entry.object_id, entry.get_change_message() != "") == (str(row.pk), True)
