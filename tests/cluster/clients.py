"""People with browsers at the balancer, and what each of them has seen."""

import json
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from http.cookies import SimpleCookie
from threading import Lock
from typing import Any, TypeVar

from tests.cluster.services import NAME, WEB

Answer = TypeVar("Answer")

# A browser waits longer, but a shopper does not.
PATIENCE_SECONDS = 15
PAUSE_SECONDS = 0.3
# How long somebody tries again before the shop counts as broken for good.
STUBBORN_SECONDS = 90


class Lost(Exception):
    """No answer came, or one that says that the store has a fault. The request may have taken effect."""


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """A request of a shopper. The times are seconds of the monotonic clock."""

    began: float
    ended: float
    fault: str  # empty if it was answered


@dataclass(kw_only=True)
class Record:
    """What all clients have seen. `wrong` is what must not happen, whatever is down."""

    attempts: list[Attempt] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    lock: Lock = field(default_factory=Lock)

    def add(self, *, began: float, fault: str) -> None:
        with self.lock:
            self.attempts.append(Attempt(began=began, ended=time.monotonic(), fault=fault))


class Browser:
    """A browser that reaches the store at the balancer, from an address of its own, and keeps cookies."""

    def __init__(self, host: str, *, address: str, tls: ssl.SSLContext, record: Record) -> None:
        self.host = host
        self.address = address
        self.tls = tls
        self.record = record
        self.cookies: SimpleCookie = SimpleCookie()

    def ask(self, document: str, **variables: Any) -> Any:
        """Run an operation, and return its first field's value.

        Raises:
            Lost: no answer came.
        """
        body = json.dumps({"query": document, "variables": variables})
        return self.send(body.encode(), {"Content-Type": "application/json"})

    def send(self, body: bytes, headers: dict[str, str]) -> Any:
        began = time.monotonic()
        try:
            answer = self.exchange(body, headers)
        except Lost as error:
            self.record.add(began=began, fault=str(error))
            raise
        self.record.add(began=began, fault="")
        return answer

    def exchange(self, body: bytes, headers: dict[str, str]) -> Any:
        known = "; ".join(f"{name}={cookie.value}" for name, cookie in self.cookies.items())
        http = HTTPSConnection(
            self.host, timeout=PATIENCE_SECONDS, source_address=(self.address, 0), context=self.tls
        )
        cookies = {"Cookie": known} if known else {}
        set_cookies, content = post(http, "/graphql/", body, {**headers, **cookies})
        for line in set_cookies:
            self.cookies.load(line)
        return read_answer(content)


def ask_directly(address: str, document: str) -> Any:
    """Ask a web machine past the balancer, as a guest, and return the first field's value.

    Raises:
        Lost: no answer came.
    """
    http = HTTPConnection(address, WEB, timeout=PATIENCE_SECONDS)
    headers = {"Content-Type": "application/json", "Host": NAME, "Storescheme": "https"}
    return read_answer(post(http, "/graphql/", json.dumps({"query": document}).encode(), headers)[1])


def post(http: HTTPConnection, path: str, body: bytes, headers: Mapping[str, str]) -> tuple[list[str], bytes]:
    """Return the cookies that are set, and the answer.

    Raises:
        Lost: no answer came, or one that says that the store cannot give one.
    """
    try:
        http.request("POST", path, body, dict(headers))
        response = http.getresponse()
        content = response.read()
    except (OSError, HTTPException) as error:
        raise Lost(type(error).__name__) from error
    finally:
        http.close()
    if response.status != 200:
        raise Lost(f"HTTP {response.status}")
    return response.headers.get_all("Set-Cookie", []), content


def read_answer(content: bytes) -> Any:
    """Return the value of the answer's first field.

    Raises:
        Lost: the answer says that the store has a fault.
    """
    answer = json.loads(content)
    if "errors" in answer:
        error = answer["errors"][0]
        raise Lost(f"{error.get('extensions', {}).get('code')}: {error['message']}")
    return next(iter(answer["data"].values()))


def persist(action: Callable[[], Answer]) -> Answer:
    """Repeat the action until an answer comes.

    Raises:
        Lost: none has come for so long that the shop counts as broken.
    """
    deadline = time.monotonic() + STUBBORN_SECONDS
    while True:
        try:
            return action()
        except Lost:
            if time.monotonic() > deadline:
                raise
            time.sleep(PAUSE_SECONDS)
