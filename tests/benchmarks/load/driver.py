"""The load, made by wrk in a process of its own over 8 connections."""

import gzip
import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from http.client import HTTPConnection
from itertools import count
from pathlib import Path
from typing import Any

from tests.benchmarks.load.server import HOST, Server

CONNECTIONS = 8
REQUESTS_OF_A_PURCHASE = 4
TRIES = 3
TIMEOUT_SECONDS = 30
SCRIPT = Path(__file__).with_name("load.lua")
# No two runs use the same documents and keys.
numbers = count(0, 10_000_000)


@dataclass(frozen=True, kw_only=True)
class Request:
    """A request. `marker` is in every answer that is not a refusal."""

    path: str
    body: dict[str, Any]
    session: str | None = None
    encoding: str = ""
    marker: str = ""

    def line(self) -> str:
        cookie = f"sessionid={self.session}" if self.session else ""
        return "\t".join([self.path, cookie, self.encoding, self.marker, json.dumps(self.body)])


@dataclass(frozen=True, kw_only=True)
class Sample:
    """The measurements of one short run.

    `cpu` is the seconds of the server's processor time for each request or whole purchase, and `rate` is their number
    per second. p50 and p99 are the seconds until a request's answer.
    """

    cpu: float
    rate: float
    p50: float
    p99: float


def try_out(server: Server, requests: Sequence[Request]) -> None:
    """Send one browser's requests a few times, so that a worker has loaded everything before the measurement.

    Raises:
        RuntimeError: an answer is an error or a refusal.
    """
    for _ in range(TRIES):
        http = HTTPConnection(HOST, server.port, timeout=TIMEOUT_SECONDS)
        cookie = ""
        for request in requests:
            headers = {
                "Accept-Encoding": request.encoding or "identity",
                "Content-Type": "application/json",
                "Cookie": f"sessionid={request.session}" if request.session else cookie,
                "X-Forwarded-Proto": "https",
            }
            http.request("POST", request.path, json.dumps(request.body), headers)
            response = http.getresponse()
            body = response.read()
            answer = (gzip.decompress(body) if response.headers["Content-Encoding"] else body).decode()
            if response.status != 200 or '"errors":' in answer or request.marker not in answer:
                raise RuntimeError(f"{response.status}: {answer}")
            cookie = response.headers.get("Set-Cookie", cookie).partition(";")[0]
        http.close()


def send_by_turns(server: Server, requests: Sequence[Request], *, seconds: int, folder: Path) -> Sample:
    """Send the requests in turn.

    Raises:
        RuntimeError: an answer is an error or a refusal.
    """
    lines = [request.line() for request in requests]
    return run_wrk(server, "turns", lines, seconds=seconds, folder=folder)


def buy(
    server: Server, *, add: Request, checkout: Request, products: Sequence[str], seconds: int, folder: Path
) -> Sample:
    """Buy with eight shoppers at once, each of them a new visitor for each purchase.

    Ids of `products` replace PRODUCT in the body of `add`. UNIQUE in the body of `checkout` is a part of its key.

    Raises:
        RuntimeError: a purchase is refused.
    """
    lines = [add.line(), checkout.line(), *products]
    return run_wrk(server, "purchases", lines, seconds=seconds, folder=folder, threads=CONNECTIONS)


def run_wrk(
    server: Server, mode: str, lines: Sequence[str], *, seconds: int, folder: Path, threads: int = 1
) -> Sample:
    file = folder / "requests.txt"
    file.write_text("\n".join(lines) + "\n")
    command = [
        *("wrk", f"--threads={threads}", f"--connections={CONNECTIONS}", f"--duration={seconds}s"),
        *(f"--timeout={TIMEOUT_SECONDS}s", "--latency", f"--script={SCRIPT}"),
        *(server.url, "--", mode, str(file), str(next(numbers))),
    ]
    before = server.cpu_seconds()
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    # One request of each connection was still running when wrk stopped. The server answers them, too.
    cpu = server.cpu_seconds_when_idle() - before
    told = json.loads(done.stdout.splitlines()[-1])
    if told["failed"] or not told["requests"]:
        raise RuntimeError(f"{told['failed']} of {told['requests']} requests failed:\n{done.stdout}")
    whole = REQUESTS_OF_A_PURCHASE if mode == "purchases" else 1
    return Sample(
        cpu=cpu / (told["requests"] + CONNECTIONS) * whole,
        rate=told["requests"] / told["microseconds"] * 1e6 / whole,
        p50=told["p50"] / 1e6,
        p99=told["p99"] / 1e6,
    )
