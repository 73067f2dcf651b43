"""Shoppers buy through the balancer, while one machine after the other is hurt. Then the books are checked."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPSConnection
from itertools import cycle
from random import Random
from threading import Event

from django.db import connection
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from catalog.models import ProductVariant
from core.worker import LEASE, take_up
from orders.mail import send_promised
from orders.models import Order, OrderMail
from orders.payments.gateway import fake
from tests.cluster.clients import PATIENCE_SECONDS, Browser, Lost, Record, post
from tests.cluster.faults import Outage, strike
from tests.cluster.services import NAME, SECRET, Cluster, Service, trust
from tests.cluster.shoppers import Shopper, Staff
from tests.conftest import global_id
from tests.factories import make_category, make_product, make_staff, make_user
from tests.faults.books import PAID, wrong_books
from tests.faults.shop import events_until
from tests.faults.storm import DAY_SECONDS
from tests.tasks import run_tasks, skip_pauses

PRODUCTS, STOCK = 12, 100_000
# Between two faults.
CALM_SECONDS = 8.0
# A request that began so long after a fault was over must not fail.
RECOVERY_SECONDS = 5.0


class Storm:
    """A storm over a cluster. The shoppers' decisions depend on the seed, their timing on the machine."""

    def __init__(self, cluster: Cluster, *, seed: str) -> None:
        self.cluster = cluster
        self.record = Record()
        self.outages: list[Outage] = []
        self.tls = trust(cluster.folder / f"{NAME}.pem")
        seller, category = make_user(), make_category()
        products = [make_product(stock=STOCK, user=seller, category=category) for _ in range(PRODUCTS)]
        probe = make_product(name="Probe", slug="probe", stock=STOCK, user=seller, category=category)
        self.stocks = dict(ProductVariant.objects.values_list("pk", "stock"))
        sold = ProductVariant.objects.filter(product__in=products)
        variants = [global_id("ProductVariant", key) for key in sold.values_list("pk", flat=True)]
        *addresses, last = cluster.net.shoppers
        self.shoppers = [
            Shopper(browser=self.browser(address), variants=variants, rng=Random(f"{seed}/{address}"))
            for address in addresses
        ]
        self.staff = Staff(
            browser=self.browser(last),
            email=make_staff().email,
            product=global_id("Product", probe.pk),
            webs=[cluster.address("web1"), cluster.address("web2")],
        )

    def browser(self, address: str) -> Browser:
        host = self.cluster.address("balancer")
        return Browser(host, address=address, tls=self.tls, record=self.record)

    def rage(self, *, seconds: float, faults: Mapping[str, list[Callable[[Service], None]]]) -> None:
        """Strike the services in turn while shoppers buy."""
        over = Event()
        working = [shopper.shop for shopper in self.shoppers] + [self.staff.work, self.deliver]
        with ThreadPoolExecutor(len(working)) as pool:
            running = [pool.submit(work, over) for work in working]
            try:
                self.strike_in_turn(seconds=seconds, faults=faults)
            finally:
                over.set()
        gave_up = [future.exception() for future in running if future.exception()]
        self.record.wrong += [f"the store did not come back: {error!r}" for error in gave_up]

    def strike_in_turn(
        self, *, seconds: float, faults: Mapping[str, list[Callable[[Service], None]]]
    ) -> None:
        end = time.monotonic() + seconds
        time.sleep(CALM_SECONDS)
        # The first fault of each, then the second of each, and so on.
        turns = [
            (name, each[turn])
            for turn in range(max(map(len, faults.values())))
            for name, each in faults.items()
            if turn < len(each)
        ]
        for name, fault in cycle(turns):
            if time.monotonic() > end:
                return
            self.outages.append(strike(self.cluster, name, fault))
            time.sleep(CALM_SECONDS)

    def deliver(self, over: Event) -> None:
        """Deliver Stripe's events, which it repeats later if the store does not take them."""
        while not over.wait(0.2):
            fake().deliver_through(self.send, secret=SECRET)

    def send(self, body: bytes, signature: str) -> int:
        http = HTTPSConnection(self.cluster.address("balancer"), timeout=PATIENCE_SECONDS, context=self.tls)
        try:
            post(http, "/stripe/webhook/", body, {"Stripe-Signature": signature})
        except Lost as error:
            raise ConnectionError(str(error)) from error
        return 200

    # ── At the end ───────────────────────────────────────────────────────────

    def check(self) -> list[str]:
        """Do what is left to be done, and return in words all that went wrong."""
        self.settle()
        late, lost, mails = self.late_failures(), self.lost_orders(), self.wrong_mails()
        return [*self.record.wrong, *late, *lost, *wrong_books(self.stocks), *mails]

    def settle(self) -> None:
        """Do all that is still to be done, as the next day would."""
        for name in ("worker1", "worker2"):
            self.cluster.services[name].stop()
        events_until(DAY_SECONDS).deliver_through(self.send, secret=SECRET)
        self.cluster.manage("reconcile_payments")
        connection.close()  # which the storm has cut
        take_up(timezone.now() + LEASE)
        skip_pauses()
        run_tasks()

    def late_failures(self) -> Iterator[str]:
        """Yield the failures that no fault explains."""
        for attempt in self.record.attempts:
            if attempt.fault and not any(
                outage.began <= attempt.ended and attempt.began <= outage.mended + RECOVERY_SECONDS
                for outage in self.outages
            ):
                before = [outage for outage in self.outages if outage.mended < attempt.began]
                since = (
                    f"{attempt.began - before[-1].mended:.1f} s after {before[-1]}"
                    if before
                    else "before any fault"
                )
                yield f"a request failed {since}: {attempt.fault}"

    def lost_orders(self) -> Iterator[str]:
        """Compare the shoppers' records with the database."""
        orders = Order.objects.in_bulk()
        for purchase in (purchase for shopper in self.shoppers for purchase in shopper.purchases):
            order = orders.get(purchase.uuid)
            if order is None:
                yield f"order {purchase.uuid} is lost"
            elif f"{order.amount}" != purchase.amount or purchase.paid != (order.status in PAID):
                yield f"order {purchase} is {order.status} over {order.amount}"

    def wrong_mails(self) -> Iterator[str]:
        """Each paid order is confirmed. No mail came more often than it was tried: its worker was hurt in between."""
        came = Counter(str(mail["To"]) for mail in self.cluster.mails.mails)
        tasks = DBTaskResult.objects.filter(task_path=send_promised.module_path)
        tries = {row.args_kwargs["args"][0]: len(row.worker_ids) for row in tasks}
        tried: Counter[str] = Counter()
        for key, address in OrderMail.objects.values_list("pk", "order__shipping__email"):
            tried[address] += tries[key]
        for address, number in came.items():
            if number > tried[address]:
                yield f"{address} was mailed {number} times, by {tried[address]} attempts"
        for address in Order.objects.filter(status__in=PAID).values_list("shipping__email", flat=True):
            if not came[address]:
                yield f"{address} was not told of the order"
