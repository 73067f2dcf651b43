"""A store to kill, with its server, its shoppers, and its Stripe."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_string
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

from catalog.models import ProductVariant
from core.worker import LEASE, take_up
from orders.models import Order, OrderStatus
from orders.payments.gateway import fake
from packages.stripe_fake import FakeStripe
from tests.conftest import global_id
from tests.faults.steps import COMMAND_PATH, LOG_VARIABLE
from tests.orders.conftest import ADDRESS, CHECKOUT
from tests.tasks import skip_pauses

Answer = TypeVar("Answer")

HOST = "127.0.0.1"
# The line that Django writes after each mail in a file.
BETWEEN_MAILS = "-" * 79
PATIENCE_SECONDS = 30
ADD_TO_CART = """
    mutation($variantId: ID!, $quantity: Int!) {
      addToCart(input: {variantId: $variantId, quantity: $quantity}) {
        __typename ... on UserError { code message }
      }
    }
"""
APPLY_CODE = """
    mutation($code: String!) {
      applyDiscountCode(input: {code: $code}) { __typename ... on UserError { code message } }
    }
"""
CANCEL = """
    mutation($uuid: UUID!) { cancelOrder(input: {uuid: $uuid}) { __typename ... on UserError { code message } } }
"""


class Lost(OSError):
    """No answer came. The request may or may not have taken effect."""


@dataclass(kw_only=True)
class Shop:
    """A running server with several workers over the connected database. Its logs and mails are in `folder`."""

    folder: Path
    environment: Mapping[str, str]
    port: int
    process: subprocess.Popen[bytes]

    def request(
        self, method: str, path: str, body: bytes = b"", *, crash_at: int | None = None, **headers: str
    ) -> tuple[int, Message, bytes]:
        """Return status, headers and body. With `crash_at`, a worker is to be killed at that step.

        Raises:
            Lost: no answer came; with `crash_at`, only once the worker has been killed.
        """
        if crash_at is None:
            return self.exchange(method, path, body, headers)
        deaths = len(self.last_steps)

        def until_killed() -> tuple[int, Message, bytes] | None:
            try:
                return self.exchange(method, path, body, {**headers, "X_Crash_At": str(crash_at)})
            except Lost:
                if len(self.last_steps) == deaths:
                    raise  # the request has not reached a server: try again
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
        """Run a command of manage.py in a worker, or `run_tasks`, which does what is due.

        Raises:
            Lost: the worker was killed.
        """
        self.request("POST", f"{COMMAND_PATH}{command}", crash_at=crash_at)

    def kill(self) -> None:
        """Kill all of the server's processes at once. The server starts again."""
        assert self.process.stdin
        self.process.stdin.write(b"!")
        self.process.stdin.flush()

    def wait_until_up(self) -> None:
        def healthy() -> None:
            assert self.process.poll() is None, (self.folder / "server.log").read_text()
            self.request("GET", "/healthz")

        eventually(healthy)

    def recover(self) -> None:
        """Crash everything, then finish interrupted work, expire unpaid orders, and run the tasks."""
        self.kill()
        self.wait_until_up()
        # The old server may have answered the health check, so wait for the next one.
        eventually(partial(self.run, "reconcile_payments"))
        expire_pending()
        eventually(partial(self.run, "expire_orders"))
        self.run_tasks()

    def run_tasks(self) -> None:
        """Let time pass, and run all tasks, those of killed workers too."""
        take_up(timezone.now() + LEASE)
        skip_pauses()
        eventually(partial(self.run, "run_tasks"))

    @property
    def last_steps(self) -> list[str]:
        """The steps at which workers have been killed, in order of time."""
        log = self.folder / "steps.log"
        return log.read_text().splitlines() if log.exists() else []

    def mails_to(self, address: str) -> list[str]:
        """Return the subjects of the mails to the address."""
        files = (self.folder / "mail").glob("*.log")
        mails = [
            message_from_string(part.lstrip())
            for file in files
            for part in file.read_text().split(BETWEEN_MAILS)
        ]
        return [str(mail["Subject"]) for mail in mails if mail["To"] == address]

    def deliver(self, *, after_seconds: float = 0.0, crash_at: int | None = None) -> None:
        """Post the events due by then to the webhook, and repeat those without an answer.

        With `crash_at`, the first event kills its worker, and the others find no shop.

        Raises:
            Lost: the worker has been killed.
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


def expire_pending() -> None:
    """Let the time of every unpaid order run out."""
    Order.objects.filter(status=OrderStatus.PENDING).update(expires_at=timezone.now())


def events_until(after_seconds: float) -> FakeStripe:
    """Return Stripe as it will be in `after_seconds`."""
    return FakeStripe(settings.STRIPE_FAKE_DB, clock=lambda: time.time() + after_seconds)


def forget_events(*, after_seconds: float) -> None:
    """Mark all events so far as delivered, without delivering them."""
    events_until(after_seconds).deliver_through(lambda body, signature: 200, secret="")


def eventually(action: Callable[[], Answer]) -> Answer:
    """Repeat the action until an answer comes, as clients do."""
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
    """Run a server on a free port, with `variables` added to its environment, until the end of the block."""
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
        ) as process,  # the end closes its input, at which it kills the server and exits
    ):
        shop = Shop(folder=folder, environment=environ, port=port, process=process)
        shop.wait_until_up()
        yield shop


def environment(folder: Path) -> dict[str, str]:
    """Return the environment of a store in development, over this process's database."""
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
    """A visitor's browser, which buys once, with one session and one idempotency key."""

    shop: Shop
    email: str
    key: UUID = field(default_factory=uuid4)
    cookies: dict[str, str] = field(default_factory=dict)

    def ask(self, query: str, *, crash_at: int | None = None, **variables: Any) -> Any:
        """Run the operation, and return its answer.

        Raises:
            Lost: no answer came.
        """
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

    def add(self, variant: ProductVariant, quantity: int = 1, *, crash_at: int | None = None) -> Any:
        variant_id = global_id("ProductVariant", variant.pk)
        return self.ask(ADD_TO_CART, crash_at=crash_at, variantId=variant_id, quantity=quantity)

    def apply(self, code: str, *, crash_at: int | None = None) -> Any:
        return self.ask(APPLY_CODE, crash_at=crash_at, code=code)

    def checkout(self, *, crash_at: int | None = None) -> Any:
        shipping = {**ADDRESS, "email": self.email}
        return self.ask(
            CHECKOUT, crash_at=crash_at, input={"shipping": shipping, "idempotencyKey": str(self.key)}
        )

    def cancel(self, order: Any, *, crash_at: int | None = None) -> Any:
        return self.ask(CANCEL, crash_at=crash_at, uuid=order["uuid"])


def intent_of(order: Any) -> str:
    """Return the id of the PaymentIntent in the browser's client secret."""
    intent_id: str = order["payment"]["clientSecret"].partition("_secret_")[0]
    return intent_id


def pay(order: Any) -> None:
    """Charge the shopper's card. The shop has not received the event yet."""
    fake().confirm(intent_of(order))
