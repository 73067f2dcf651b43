"""An endpoint on the loopback interface, which answers as a test says."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Received:
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def event(self) -> dict[str, Any]:
        event: dict[str, Any] = json.loads(self.body)
        return event


class Receiver(ThreadingHTTPServer):
    """Keeps what it is sent in `received`, and answers with `status`, or with that of `refuses` for a subject's id."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.status = 204
        self.refuses: dict[str, int] = {}
        self.answer = b""
        self.location = ""
        self.received: list[Received] = []
        # Seconds before the answer, and before each of its bytes.
        self.slow = self.drips = 0.0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/hook?shop=1"

    @property
    def types(self) -> list[str]:
        return [received.event["type"] for received in self.received]

    @property
    def ids(self) -> list[str]:
        return [received.headers["webhook-id"] for received in self.received]


class Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        received = Received(path=self.path, headers=headers, body=body)
        self.server.received.append(received)
        time.sleep(self.server.slow)
        subject = received.event.get("data", {}).get("id")
        self.send_response(self.server.refuses.get(subject, self.server.status))
        if self.server.location:
            self.send_header("Location", self.server.location)
        self.send_header("Content-Length", str(len(self.server.answer)))
        self.end_headers()
        if not self.server.drips:
            self.wfile.write(self.server.answer)
            return
        with suppress(OSError):
            for byte in self.server.answer:
                self.wfile.write(bytes([byte]))
                time.sleep(self.server.drips)

    def do_GET(self) -> None:
        raise AssertionError("Nobody follows a redirect.")

    def log_message(self, *_: Any) -> None:
        """Tests read no log."""


@contextmanager
def receiver() -> Iterator[Receiver]:
    with Receiver() as server:
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()
