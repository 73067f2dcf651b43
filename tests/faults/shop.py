"""A store to be killed: its server, its shoppers, and the Stripe that calls it."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message
from functools import partial
from http.client import HTTPConnection, HTTPException
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from django.conf import settings
from django.db import connection
from django.utils import timezone

from catalog.models import Product
from orders.models import Order, OrderStatus
from orders.payments.gateway import fake
from packages.stripe_fake import FakeStripe
from tests.conftest import global_id
from tests.faults.steps import COMMAND_PATH, LOG_VARIABLE
from tests.orders.conftest import ADD_TO_CART, ADDRESS, CHECKOUT

Answer = TypeVar("Answer")

HOST = "127.0.0.1"
PATIENCE_SECONDS = 30
CANCEL = """
    mutation($uuid: UUID!) { cancelOrder(input: {uuid: $uuid}) { __typename ... on UserError { code message } } }
"""


class Lost(OSError):
    """No answer came: what was asked for may have happened, or not."""


@dataclass(kw_only=True)
class Shop:
    """A running server of several workers over the connected database, and what it leaves in `folder`."""

    folder: Path
    environment: Mapping[str, str]
    port: int
    process: subprocess.Popen[bytes]

    def request(
        self, method: str, path: str, body: bytes = b"", *, crash_at: int | None = None, **headers: str
    ) -> tuple[int, Message, bytes]:
        """Status, headers and body; Lost where no answer came, which with `crash_at` means killed at that step."""
        if crash_at is None:
            return self.exchange(method, path, body, headers)
        deaths = len(self.last_steps)

        def until_killed() -> tuple[int, Message, bytes] | None:
            try:
                return self.exchange(method, path, body, {**headers, "X_Crash_At": str(crash_at)})
            except Lost:
                if len(self.last_steps) == deaths:
                    raise  # the server was not there at all: once more
                return None

        answer = eventually(until_killed)
        if answer is None:
            raise Lost(self.last_steps[-1])
        return answer

    def exchange(
        self, method: str, path: str, body: bytes, headers: Mapping[str, str]
    ) -> tuple[int, Message, bytes]:
        http = HTTPConnection(HOST, self.port, timeout=PATIENCE_SECONDS)
        try:
            http.request(method, path, body, {key.replace("_", "-"): value for key, value in headers.items()})
            response = http.getresponse()
            return response.status, response.headers, response.read()
        except (OSError, HTTPException) as error:
            raise Lost(str(error)) from error
        finally:
            http.close()

    def run(self, command: str, *, crash_at: int | None = None) -> None:
        """Run one of manage.py's commands in a worker. Lost where that was killed."""
        self.request("POST", f"{COMMAND_PATH}{command}", crash_at=crash_at)

    def kill(self) -> None:
        """All of the server's processes at once; it is started anew."""
        assert self.process.stdin
        self.process.stdin.write(b"!")
        self.process.stdin.flush()

    def wait_until_up(self) -> None:
        def healthy() -> None:
            assert self.process.poll() is None, (self.folder / "server.log").read_text()
            self.request("GET", "/healthz")

        eventually(healthy)

    def recover(self) -> None:
        """After a crash of everything: finish what was cut off, and give up what was never paid."""
        self.kill()
        self.wait_until_up()
        # The old server may have answered that it is up: it is the next one that is waited for.
        eventually(partial(self.run, "reconcile_payments"))
        time_is_over()
        eventually(partial(self.run, "expire_orders"))

    @property
    def last_steps(self) -> list[str]:
        """Where the workers died that were told to, in order of time."""
        log = self.folder / "steps.log"
        return log.read_text().splitlines() if log.exists() else []

    def mails_to(self, address: str) -> int:
        mails = (self.folder / "mail").glob("*.log")
        return sum(f"To: {address}\n" in mail.read_text() for mail in mails)

    def deliver(self, *, after_seconds: float = 0.0, crash_at: int | None = None) -> None:
        """Post the events due by then to the webhook, again where no answer comes.

        With `crash_at` the first kills its worker, and the others find no shop. Lost.
        """
        steps = iter([crash_at])

        def send(body: bytes, signature: str) -> int:
            post = partial(self.request, "POST", "/stripe/webhook/", body, Stripe_Signature=signature)
            if crash_at is None:
                return eventually(post)[0]
            step = next(steps, None)
            if step is None:
                raise Lost("The shop cannot be reached.")
            return post(crash_at=step)[0]

        deliveries = events_until(after_seconds).deliver_through(
            send, secret=settings.STRIPE_WEBHOOK_SECRETS[0]
        )
        if crash_at and deliveries[0].status is None:
            raise Lost(self.last_steps[-1])


def time_is_over() -> None:
    """For every order that has not been paid."""
    Order.objects.filter(status=OrderStatus.PENDING).update(expires_at=timezone.now())


def events_until(after_seconds: float) -> FakeStripe:
    """Stripe so many seconds from now."""
    return FakeStripe(settings.STRIPE_FAKE_DB, clock=lambda: time.time() + after_seconds)


def forget_events(*, after_seconds: float) -> None:
    """The shop never hears of what has happened so far: Stripe takes it that it has."""
    events_until(after_seconds).deliver_through(lambda body, signature: 200, secret="")


def eventually(action: Callable[[], Answer]) -> Answer:
    """The same again until an answer comes, as clients do."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return action()
        except Lost:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)


@contextmanager
def running_shop(folder: Path, **variables: str) -> Iterator[Shop]:
    """A server on a free port, with `variables` added to its environment; it is gone at the end."""
    environ = environment(folder) | variables
    with socket.create_server((HOST, 0)) as probe:
        port = probe.getsockname()[1]
    with (
        open(folder / "server.log", "wb") as log,
        subprocess.Popen(
            [sys.executable, "-m", "tests.faults.server", str(port)],
            cwd=settings.BASE_DIR,
            env=environ,
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        ) as process,  # whose input is closed at the end, upon which it kills the server and leaves
    ):
        shop = Shop(folder=folder, environment=environ, port=port, process=process)
        shop.wait_until_up()
        yield shop


def environment(folder: Path) -> dict[str, str]:
    """That of a store in development over the database that this process is connected to."""
    return {
        **os.environ,
        "DEBUG": "true",
        "DATABASE_URL": database_url(),
        "STORE_MAX_COST_PER_MINUTE": "0",  # all shoppers have one address
        "STRIPE_FAKE_DB": str(settings.STRIPE_FAKE_DB),
        "EMAIL_URL": f"filemail:///{folder / 'mail'}",
        "MEDIA_ROOT": str(folder / "media"),
        "LOG_LEVEL": "ERROR",
        # All shoppers come from one address.
        "STORE_HOLD_ADDRESS_LINES": "100000000",
        "STORE_HOLD_ADDRESS_UNITS": "100000000",
        "STORE_MAX_VISITORS": "100000000",
        LOG_VARIABLE: str(folder / "steps.log"),
    }


def database_url() -> str:
    name = connection.settings_dict["NAME"]
    if connection.vendor == "sqlite":
        return f"sqlite:///{name}"
    return urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()


@dataclass(kw_only=True)
class Shopper:
    """A visitor's browser, which buys once: it keeps its session and its key."""

    shop: Shop
    email: str
    key: UUID = field(default_factory=uuid4)
    cookies: dict[str, str] = field(default_factory=dict)

    def ask(self, query: str, *, crash_at: int | None = None, **variables: Any) -> Any:
        """The answer to the one operation. Lost where none came."""
        body = json.dumps({"query": query, "variables": variables}).encode()
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        known = {"Cookie": cookie} if cookie else {}
        status, headers, content = self.shop.request(
            "POST", "/graphql/", body, crash_at=crash_at, **{"Content_Type": "application/json", **known}
        )
        for line in headers.get_all("Set-Cookie", []):
            self.cookies |= {name: morsel.value for name, morsel in SimpleCookie(line).items()}
        answer = json.loads(content)
        assert status == 200, content
        assert "errors" not in answer, answer
        return next(iter(answer["data"].values()))

    def add(self, product: Product, quantity: int = 1, *, crash_at: int | None = None) -> Any:
        product_id = global_id("Product", product.pk)
        return self.ask(ADD_TO_CART, crash_at=crash_at, productId=product_id, quantity=quantity)

    def checkout(self, *, crash_at: int | None = None) -> Any:
        shipping = {**ADDRESS, "email": self.email}
        return self.ask(
            CHECKOUT, crash_at=crash_at, input={"shipping": shipping, "idempotencyKey": str(self.key)}
        )

    def cancel(self, order: Any, *, crash_at: int | None = None) -> Any:
        return self.ask(CANCEL, crash_at=crash_at, uuid=order["uuid"])


def intent_of(order: Any) -> str:
    """The id of the PaymentIntent that the browser was given the secret of."""
    intent_id: str = order["payment"]["clientSecret"].partition("_secret_")[0]
    return intent_id


def pay(order: Any) -> None:
    """The shopper's card is charged; the shop has yet to hear of it."""
    fake().confirm(intent_of(order))
