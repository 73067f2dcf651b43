"""A kill at every step of every task. Each is done in the end: once, as the database tells.

What leaves the shop may arrive a second time, but only if the worker died between the other server's acceptance and
its own record of it.
"""

import os
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from importlib import import_module
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone
from django_tasks.base import Task
from django_tasks_db.models import DBTaskResult

from accounts.models import User
from catalog.models import ProductVector, StockNotice
from core.leftovers import AGE
from core.tasks import SCHEDULE, enqueue
from hooks.models import Delivery, Endpoint, Kind
from hooks.publishing import News, publish
from orders.models import Order, OrderMail, StripeEvent
from tests.factories import make_product, make_user, variant_of
from tests.faults.shop import (
    Lost,
    Shop,
    Shopper,
    eventually,
    expire_pending,
    forget_events,
    pay,
    running_shop,
)
from tests.hooks.conftest import make_endpoint
from tests.hooks.receiver import Receiver, receiver

APPS = [name for name in settings.INSTALLED_APPS if (settings.BASE_DIR / name).is_dir()]
STOCK, QUANTITY = 5, 2
# By then, Stripe has repeated an event that was not accepted.
LATER_SECONDS = 10
# The steps after which a second mail or event may come: nobody has written down yet that the first was accepted.
UNRECORDED = {
    "the mail (reply lost)",
    "UPDATE orders_ordermail",
    "the webhook (reply lost)",
    "UPDATE hooks_delivery",
    "UPDATE django_tasks_database_dbtaskresult",
}


def find_tasks() -> dict[str, Task[Any, Any]]:
    """Return all tasks of the project by their paths."""
    modules = [
        import_module(module.name)
        for app in APPS
        for module in pkgutil.walk_packages([str(settings.BASE_DIR / app)], f"{app}.")
        if ".migrations" not in module.name
    ]
    found = (value for module in modules for value in vars(module).values())
    return {task.module_path: task for task in found if isinstance(task, Task)}


TASKS = find_tasks()


@dataclass(frozen=True, kw_only=True)
class Work:
    """What a task has to do: how often it has left the shop, and whether the database tells that it is done."""

    times: Callable[[], int]
    is_done: Callable[[], bool] = lambda: True


@dataclass(frozen=True, kw_only=True)
class Setting:
    """A shop, an endpoint of webhooks, and what the work of one kill is named by."""

    shop: Shop
    server: Receiver
    number: int

    @property
    def email(self) -> str:
        return f"recipient{self.number}@example.com"

    def person(self, **fields: Any) -> User:
        return make_user(email=self.email, **fields)

    def buy(self) -> tuple[Order, Any]:
        """Place an order, whose mails go to the address. Return it as it is stored, and as the shopper sees it."""
        shopper = Shopper(shop=self.shop, email=self.email)
        variant = variant_of(make_product(stock=STOCK))
        eventually(lambda: shopper.add(variant, QUANTITY))
        seen = eventually(shopper.checkout)
        return Order.objects.get(idempotency_key=shopper.key), seen

    def mails(self) -> int:
        return len(self.shop.mails_to(self.email))


def start(task: str, *arguments: object) -> None:
    """Let this task be the only one that is due."""
    DBTaskResult.objects.all().delete()
    enqueue(TASKS[task], *arguments)


def verification(setting: Setting) -> Work:
    start("accounts.tasks.mail_verification", setting.person().pk)
    return Work(times=setting.mails)


def password_reset(setting: Setting) -> Work:
    setting.person()
    start("accounts.tasks.mail_password_reset", setting.email)
    return Work(times=setting.mails)


def change_notice(setting: Setting) -> Work:
    start("accounts.tasks.mail_change_notice", setting.email)
    return Work(times=setting.mails)


def email_change(setting: Setting) -> Work:
    person = make_user()
    start("accounts.tasks.mail_email_change", person.pk, setting.email, person.get_session_auth_hash())
    return Work(times=setting.mails)


def order_mail(setting: Setting) -> Work:
    order, seen = setting.buy()
    pay(seen)
    setting.shop.deliver(after_seconds=LATER_SECONDS)
    promised = OrderMail.objects.get(order=order, kind=OrderMail.Kind.CONFIRMATION)
    start("orders.mail.send_promised", promised.pk)
    sent = OrderMail.objects.filter(pk=promised.pk, mailed_at__isnull=False)
    return Work(times=setting.mails, is_done=sent.exists)


def order_link(setting: Setting) -> Work:
    order, _ = setting.buy()
    start("orders.mail.mail_link", order.number, order.email)
    return Work(times=setting.mails)


def stock_notice(setting: Setting) -> Work:
    variant = variant_of(make_product(stock=STOCK))
    start("catalog.notices.send_notice", variant.pk, setting.email, "en", False)
    return Work(times=setting.mails)


def stock_notices(setting: Setting) -> Work:
    variant = variant_of(make_product(stock=STOCK))
    StockNotice.objects.create(variant=variant, email=setting.email, asked_at=timezone.now())
    start("catalog.tasks.tell_waiting")
    return Work(times=setting.mails, is_done=lambda: not StockNotice.objects.exists())


def webhook(setting: Setting) -> Work:
    endpoint = published(setting)
    start("hooks.tasks.deliver", endpoint.pk)
    return delivered(setting)


def webhooks(setting: Setting) -> Work:
    published(setting)
    start("hooks.tasks.deliver_due")
    return delivered(setting)


def published(setting: Setting) -> Endpoint:
    """Publish two events for an endpoint. Both are to arrive in order."""
    setting.server.received.clear()
    Endpoint.objects.all().delete()
    endpoint = make_endpoint(setting.server.url)
    for kind in (Kind.ORDER_PAID, Kind.ORDER_SHIPPED):
        publish(kind, [News(node="Order", key=setting.number, data={})], now=timezone.now())
    return endpoint


def delivered(setting: Setting) -> Work:
    def times() -> int:
        """Return how often the event that came most often has come."""
        ids = setting.server.ids
        assert list(dict.fromkeys(setting.server.types)) in (
            [],
            ["order.paid"],
            ["order.paid", "order.shipped"],
        )
        return max((ids.count(key) for key in ids), default=0)

    rows = Delivery.objects.filter(subject=f"Order:{setting.number}", status=Delivery.Status.DELIVERED)
    return Work(times=times, is_done=lambda: rows.count() == 2)


def expiry(setting: Setting) -> Work:
    order, _ = setting.buy()
    expire_pending()
    start("orders.tasks.expire_orders")
    cancelled = Order.objects.filter(pk=order.pk, status="cancelled", items__variant__stock=STOCK)
    return Work(times=lambda: int(cancelled.exists()), is_done=cancelled.exists)


def reconciliation(setting: Setting) -> Work:
    order, seen = setting.buy()
    pay(seen)
    forget_events(after_seconds=LATER_SECONDS)
    start("orders.tasks.reconcile_payments")
    shipped = Order.objects.filter(pk=order.pk, status="shipped", items__variant__stock=STOCK - QUANTITY)
    return Work(times=setting.mails, is_done=shipped.exists)


def tidying(setting: Setting) -> Work:
    long_ago = timezone.now() - settings.STORE_KEEP_EVENTS - timedelta(days=1)
    StripeEvent.objects.create(event_id=f"evt_{setting.number}", type="charge.expired", received_at=long_ago)
    start("backend.tasks.housekeeping")
    return Work(
        times=lambda: int(not StripeEvent.objects.exists()), is_done=lambda: not StripeEvent.objects.exists()
    )


def leftovers(setting: Setting) -> Work:
    folder = setting.shop.folder / "media" / "products"
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{setting.number:032x}.jpg"
    file.touch()
    long_ago = (timezone.now() - 2 * AGE).timestamp()
    os.utime(file, (long_ago, long_ago))
    start("backend.tasks.delete_leftover_pictures")
    return Work(times=lambda: int(not file.exists()), is_done=lambda: not file.exists())


def vectors(setting: Setting) -> Work:
    ProductVector.objects.all().delete()
    product = make_product()
    start("catalog.tasks.embed_products")
    of_product = ProductVector.objects.filter(pk=product.pk)
    return Work(times=of_product.count, is_done=of_product.exists)


WORK: dict[str, Callable[[Setting], Work]] = {
    "accounts.tasks.mail_change_notice": change_notice,
    "accounts.tasks.mail_email_change": email_change,
    "accounts.tasks.mail_password_reset": password_reset,
    "accounts.tasks.mail_verification": verification,
    "backend.tasks.delete_leftover_pictures": leftovers,
    "backend.tasks.housekeeping": tidying,
    "catalog.notices.send_notice": stock_notice,
    "catalog.tasks.embed_products": vectors,
    "catalog.tasks.tell_waiting": stock_notices,
    "hooks.tasks.deliver": webhook,
    "hooks.tasks.deliver_due": webhooks,
    "orders.mail.mail_link": order_link,
    "orders.mail.send_promised": order_mail,
    "orders.tasks.expire_orders": expiry,
    "orders.tasks.reconcile_payments": reconciliation,
}


# Those whose locks differ between the databases. On PostgreSQL the others take minutes and show nothing more.
LOCKING = {
    "catalog.tasks.tell_waiting",
    "hooks.tasks.deliver",
    "orders.mail.send_promised",
    "orders.tasks.expire_orders",
}


def test_every_task_is_killed() -> None:
    assert WORK.keys() == TASKS.keys()


@pytest.fixture
def shop(transactional_db: None, tmp_path: Path, task: str) -> Iterator[Shop]:
    """A shop that searches by meaning only where the task is about that, because each process loads the model."""
    semantic = task == "catalog.tasks.embed_products"
    if semantic:
        pytest.importorskip("onnxruntime", reason="NOT TESTED: requirements-semantic.txt IS NOT INSTALLED.")
    with running_shop(tmp_path, STORE_SEARCH_SEMANTIC=str(semantic)) as shop:
        yield shop


@pytest.fixture
def server() -> Iterator[Receiver]:
    with receiver() as server:
        yield server


@pytest.mark.slow
@pytest.mark.parametrize("task", WORK)
def test_killed_at_each_step_it_is_done_once(shop: Shop, server: Receiver, task: str) -> None:
    if connection.vendor == "postgresql" and task not in LOCKING:
        pytest.skip("On SQLite alone")
    killed, twice = [], []
    for step in count(1):
        work = WORK[task](Setting(shop=shop, server=server, number=step))
        died_before = ""
        try:
            shop.run("run_tasks", crash_at=step)
        except Lost as lost:
            died_before = str(lost)
        left = work.times()
        Endpoint.objects.update(busy_until=None)  # time passes, for leases too
        shop.run_tasks()
        unfinished = DBTaskResult.objects.exclude(task_path__in=SCHEDULE).exclude(status="SUCCESSFUL")
        assert not unfinished.exists(), (died_before, list(unfinished.values_list("task_path", "traceback")))
        assert work.is_done(), died_before
        assert work.times() in ((1, 2) if left else (1,)), died_before
        if work.times() == 2:
            twice.append(died_before)
        if not died_before:
            break
        killed.append(died_before)
    assert set(twice) <= UNRECORDED
    assert {"COMMIT", "UPDATE django_tasks_database_dbtaskresult"} <= set(killed)
