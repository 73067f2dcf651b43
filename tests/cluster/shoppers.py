"""Shoppers who buy, each with a record of their own; and the staff, who change prices and a picture."""

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from random import Random
from threading import Event
from typing import Any
from uuid import UUID, uuid4

from orders.payments.gateway import fake
from packages.stripe_fake import ApiError
from tests.cluster.clients import Browser, Lost, ask_directly, persist
from tests.factories import PASSWORD, make_picture
from tests.faults.shop import ADD_TO_CART, intent_of
from tests.orders.conftest import ADDRESS, CHECKOUT, ORDER

LIST = "{ products(first: 20) { nodes { id name price { amount } } } }"
CART = "{ cart { totalQuantity } }"
RETRY = """
    mutation($uuid: UUID!) {
      retryPayment(input: {uuid: $uuid}) { __typename ... on Order { payment { clientSecret } } }
    }
"""
LOGIN = """
    mutation($email: String!, $password: String!) { login(input: {email: $email, password: $password}) { __typename } }
"""
PRICE = '{ product(slug: "probe") { price { amount } } }'
REPRICE = """
    mutation($id: ID!, $price: Decimal!) { updateProduct(input: {id: $id, price: $price}) { __typename } }
"""
AVATAR = """
    mutation($avatar: Upload) { updateProfile(input: {avatar: $avatar}) { __typename } }
"""
PAYING = 0.9
# Seconds between two steps of a shopper, and between two prices.
THINKING = 0.2, 1.0
REPRICING = 0.3
# The store takes 20 uploads of an account in five minutes.
UPLOADING = 20.0
SETTLING_SECONDS = 60


@dataclass(kw_only=True)
class Purchase:
    """A shopper's own record of an order, by what the store has confirmed to them."""

    uuid: UUID
    amount: str
    paid: bool = False  # Stripe has confirmed the payment
    settled: bool = False  # the store, too


@dataclass(kw_only=True)
class Shopper:
    """Buys again and again, each time as a new visitor with a new e-mail address."""

    browser: Browser
    variants: Sequence[str]
    rng: Random
    purchases: list[Purchase] = field(default_factory=list)

    def shop(self, over: Event) -> None:
        while not over.is_set():
            self.buy(over)

    def buy(self, over: Event) -> None:
        self.browser.cookies.clear()
        persist(lambda: self.browser.ask(LIST))
        for variant in self.rng.sample(self.variants, self.rng.randint(1, 3)):
            self.think(over)
            self.add(variant)
        self.think(over)
        order = self.check_out()
        if order["__typename"] != "Order":
            self.browser.record.wrong.append(f"a checkout was refused: {order}")
            return
        purchase = Purchase(uuid=UUID(order["uuid"]), amount=order["amount"]["amount"])
        self.purchases.append(purchase)
        if self.rng.random() < PAYING:
            self.pay(purchase, order)

    def think(self, over: Event) -> None:
        over.wait(self.rng.uniform(*THINKING))

    def add(self, variant: str) -> None:
        """Put one into the cart. What the store has confirmed must be in it."""
        added = persist(lambda: self.browser.ask(ADD_TO_CART, variantId=variant, quantity=1))
        cart = persist(lambda: self.browser.ask(CART))
        if added["__typename"] != "Cart" or not cart["totalQuantity"]:
            self.browser.record.wrong.append(f"a cart lacks what was put into it: {added}, {cart}")

    def check_out(self) -> Any:
        input = {
            "shipping": {**ADDRESS, "email": f"{uuid4()}@example.com"},
            "idempotencyKey": str(uuid4()),
        }
        order = persist(lambda: self.browser.ask(CHECKOUT, input=input))
        again = persist(lambda: self.browser.ask(CHECKOUT, input=input))
        if again.get("uuid") != order.get("uuid"):
            self.browser.record.wrong.append(f"a repeated checkout made another order: {order}, {again}")
        return order

    def pay(self, purchase: Purchase, order: Any) -> None:
        """Pay at Stripe, and wait until the store knows of it, which Stripe tells by its webhook."""
        deadline = time.monotonic() + SETTLING_SECONDS
        while order["payment"]["clientSecret"] is None:
            order = persist(lambda: self.browser.ask(RETRY, uuid=str(purchase.uuid)))
        try:
            fake().confirm(intent_of(order))
        except ApiError as error:
            self.browser.record.wrong.append(f"order {purchase.uuid} cannot be paid: {error}")
            return
        purchase.paid = True
        while time.monotonic() < deadline:
            seen = persist(lambda: self.browser.ask(ORDER, uuid=str(purchase.uuid)))
            if seen is None:
                self.browser.record.wrong.append(f"order {purchase.uuid} is not found by its owner")
                return
            if seen["status"] == "SHIPPED":
                purchase.settled = True
                return
            time.sleep(0.5)


@dataclass(kw_only=True)
class Staff:
    """Writes prices, and reads them as a guest from each web machine: nobody is told less than was confirmed."""

    browser: Browser
    email: str
    product: str
    webs: Sequence[str]
    confirmed: int = 0
    unconfirmed: set[int] = field(default_factory=set)
    reads: int = 0
    uploads: int = 0

    def work(self, over: Event) -> None:
        persist(lambda: self.browser.ask(LOGIN, email=self.email, password=PASSWORD))
        uploaded = 0.0
        for cents in range(1, 10**9):
            if over.wait(REPRICING):
                return
            self.write(cents)
            self.compare()
            if time.monotonic() > uploaded + UPLOADING:
                uploaded = time.monotonic()
                self.upload()

    def write(self, cents: int) -> None:
        self.unconfirmed.add(cents)
        try:
            done = self.browser.ask(REPRICE, id=self.product, price=f"{cents / 100:.2f}")
        except Lost:
            return
        if done["__typename"] != "Product":
            self.browser.record.wrong.append(f"a price was refused: {done}")
            return
        self.unconfirmed.discard(cents)
        self.confirmed = cents

    def compare(self) -> None:
        for read in self.read():
            self.reads += 1
            # A write without an answer may take effect late.
            if read < self.confirmed and read not in self.unconfirmed:
                self.browser.record.wrong.append(
                    f"a guest was told {read} after {self.confirmed} was confirmed"
                )

    def read(self) -> Iterator[int]:
        for web in self.webs:
            try:
                yield round(float(ask_directly(web, PRICE)["price"]["amount"]) * 100)
            except Lost:
                continue  # it is down

    def upload(self) -> None:
        """Upload a picture, which the bucket takes, or which is refused without a trace."""
        operations = json.dumps({"query": AVATAR, "variables": {"avatar": None}})
        boundary = uuid4().hex
        parts = {"operations": operations, "map": '{"0": ["variables.avatar"]}'}
        form = b"".join(
            f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n'.encode()
            for name, text in parts.items()
        )
        head = 'Content-Disposition: form-data; name="0"; filename="a.png"\r\nContent-Type: image/png\r\n\r\n'
        body = (
            form
            + f"--{boundary}\r\n{head}".encode()
            + make_picture().read()
            + f"\r\n--{boundary}--\r\n".encode()
        )
        headers = {
            "Content-Type": f"multipart/form-data; boundary={boundary}",
            "Apollo-Require-Preflight": "1",
        }
        try:
            self.browser.send(body, headers)
        except Lost:
            return
        self.uploads += 1
