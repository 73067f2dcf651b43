"""The processor time that each part of the store spends on a request, and what that means for orders a second."""

import json
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.client import HTTPSConnection
from http.cookies import SimpleCookie
from itertools import count
from threading import local
from typing import Any
from uuid import uuid4

from django.db.models import QuerySet
from django_tasks.base import TaskResultStatus
from django_tasks_db.models import DBTaskResult

from catalog.models import Product, ProductVariant
from orders.mail import send_promised
from orders.payments.gateway import fake
from tests.cluster.clients import PATIENCE_SECONDS, post, read_answer
from tests.cluster.meter import PARTS, Cost, Meter
from tests.cluster.services import NAME, SECRET, Cluster, trust
from tests.cluster.shoppers import LIST
from tests.conftest import global_id
from tests.factories import make_category, make_product, make_user
from tests.faults.shop import ADD_TO_CART, intent_of
from tests.orders.conftest import ADDRESS, CHECKOUT

CLIENTS = 4
ORDERS, LINES = 200, 3
PAGES = 1000
PRODUCTS, STOCK = 40, 1_000_000
# Until the balancer has noticed that a web machine is gone.
NOTICED_SECONDS = 8.0
PAGE = "query($slug: String!) { product(slug: $slug) { id name description price { amount } } }"
# The requests that come with one order: 40 visits of 8 pages, most of them guests', of which one ends in an order.
PER_ORDER = {"page, kept": 300, "page, computed": 20, "add to cart": 4, "checkout": 1, "payment": 1}
RATES = (10, 100, 1000)


@dataclass(kw_only=True)
class Visitor:
    """A visitor's cookies, and the order that they have made."""

    cookies: SimpleCookie = field(default_factory=SimpleCookie)
    order: Any = None


class Load:
    """Clients who each keep one connection to the balancer, and speak for many visitors."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.tls = trust(cluster.folder / f"{NAME}.pem")
        self.threads = local()
        self.numbers = count()
        seller, category = make_user(), make_category()
        for _ in range(PRODUCTS):
            make_product(stock=STOCK, user=seller, category=category)
        self.slugs = list(Product.objects.values_list("slug", flat=True))
        self.variants = [
            global_id("ProductVariant", key) for key in ProductVariant.objects.values_list("pk", flat=True)
        ]

    def connect(self) -> HTTPSConnection:
        host, addresses = self.cluster.address("balancer"), self.cluster.net.shoppers
        address = addresses[next(self.numbers) % len(addresses)]
        return HTTPSConnection(host, timeout=PATIENCE_SECONDS, source_address=(address, 0), context=self.tls)

    def ask(self, visitor: Visitor, document: str, **variables: Any) -> Any:
        if not hasattr(self.threads, "http"):
            self.threads.http = self.connect()
        http: HTTPSConnection = self.threads.http
        known = "; ".join(f"{name}={cookie.value}" for name, cookie in visitor.cookies.items())
        headers = {"Content-Type": "application/json", **({"Cookie": known} if known else {})}
        http.request("POST", "/graphql/", json.dumps({"query": document, "variables": variables}), headers)
        response = http.getresponse()
        content = response.read()
        assert response.status == 200, content
        for line in response.headers.get_all("Set-Cookie", []):
            visitor.cookies.load(line)
        return read_answer(content)

    def all(self, request: Callable[[int], object], *, number: int) -> None:
        """Send this number of requests, one after the other from each client."""
        with ThreadPoolExecutor(CLIENTS) as pool:
            list(pool.map(request, range(number)))

    def add(self, visitor: Visitor, number: int) -> None:
        variant = self.variants[number % len(self.variants)]
        assert self.ask(visitor, ADD_TO_CART, variantId=variant, quantity=1)["__typename"] == "Cart"

    def check_out(self, visitor: Visitor) -> None:
        shipping = {**ADDRESS, "email": f"{uuid4()}@example.com"}
        visitor.order = self.ask(
            visitor, CHECKOUT, input={"shipping": shipping, "idempotencyKey": str(uuid4())}
        )
        assert visitor.order["__typename"] == "Order", visitor.order

    def pay(self, visitors: Sequence[Visitor]) -> None:
        """Pay all orders, and wait until their mails are sent."""
        for visitor in visitors:
            fake().confirm(intent_of(visitor.order))
        with_webhook = self.connect()

        def send(body: bytes, signature: str) -> int:
            post(with_webhook, "/stripe/webhook/", body, {"Stripe-Signature": signature})
            return 200

        fake().deliver_through(send, secret=SECRET)
        while unsent().exists():
            time.sleep(0.1)


def unsent() -> "QuerySet[DBTaskResult[Any, Any]]":
    waiting = [TaskResultStatus.READY, TaskResultStatus.RUNNING]
    return DBTaskResult.objects.filter(task_path=send_promised.module_path, status__in=waiting)


def measure_all(load: Load, meter: Meter) -> list[Cost]:
    """Measure each kind of request."""
    guest, visitors = Visitor(), [Visitor() for _ in range(ORDERS)]

    def show(number: int) -> None:
        load.ask(visitors[number % ORDERS], PAGE, slug=load.slugs[number % PRODUCTS])

    def add(number: int) -> None:
        load.add(visitors[number % ORDERS], number)

    def measure(kind: str, request: Callable[[int], object], number: int) -> Cost:
        return meter.measure(kind, lambda: load.all(request, number=number), number=number)

    load.all(lambda _: load.ask(guest, LIST), number=ORDERS)  # loads the code, and opens the connections
    return [
        measure("page, kept", lambda _: load.ask(guest, LIST), PAGES),
        measure("add to cart", add, ORDERS * LINES),
        measure("page, computed", show, PAGES),
        measure("checkout", lambda number: load.check_out(visitors[number]), ORDERS),
        meter.measure("payment", lambda: load.pay(visitors), number=ORDERS),
    ]


def compare(cluster: Cluster) -> str:
    """Measure with one web machine and with two, and return the tables."""
    load, meter = Load(cluster), Meter(cluster)
    two = measure_all(load, meter)
    cluster.services["web2"].stop()
    time.sleep(NOTICED_SECONDS)
    one = measure_all(load, meter)
    return "\n".join(
        [*lines("Two web machines", two), "", *lines("One web machine", one), "", *demand(two), ""]
    )


def lines(title: str, costs: Sequence[Cost]) -> list[str]:
    head = ["a second", *PARTS, "Redis", "log kB"]
    return [
        row(f"{title}, ms of processor", head),
        *(
            row(cost.kind, [cost.a_second, *cost.cpu_ms.values(), cost.commands, cost.log_bytes / 1000])
            for cost in costs
        ),
    ]


def demand(costs: Sequence[Cost]) -> list[str]:
    """Return what each rate of orders needs, by PER_ORDER: processors, commands of Redis, and megabytes of log."""
    shares = [(PER_ORDER[cost.kind], cost) for cost in costs]
    processors = [sum(number * cost.cpu_ms[part] for number, cost in shares) / 1000 for part in PARTS]
    commands = sum(number * cost.commands for number, cost in shares)
    log = sum(number * cost.log_bytes for number, cost in shares) / 1e6
    return [
        row("Orders a second need processors", ["", *PARTS, "Redis/s", "log MB/s"]),
        *(row(str(rate), ["", *(rate * each for each in (*processors, commands, log))]) for rate in RATES),
    ]


def row(name: str, cells: Sequence[object]) -> str:
    texts = (f"{cell:.2f}" if isinstance(cell, float) else str(cell) for cell in cells)
    return f"{name:40}" + "".join(f"{text:>10}" for text in texts)
