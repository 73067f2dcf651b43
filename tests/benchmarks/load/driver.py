"""The load: wrk, in a process of its own, over 8 connections."""

import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from tests.benchmarks.load.server import Server

CONNECTIONS = 8
SCRIPTS = Path(__file__).parent
numbers = count()


@dataclass(frozen=True, kw_only=True)
class Request:
    path: str
    body: dict[str, Any]
    session: str | None = None

    def line(self) -> str:
        cookie = f"sessionid={self.session}" if self.session else ""
        return f"{self.path}\t{cookie}\t{json.dumps(self.body)}\n"


@dataclass(frozen=True, kw_only=True)
class Sample:
    """Of one short run: seconds of processor time for each request, requests a second, seconds of waiting."""

    cpu: float
    rate: float
    p50: float
    p99: float


def drive(
    server: Server, requests: Sequence[Request], *, seconds: float, folder: Path, marker: str | None = None
) -> Sample:
    """Send the requests by turns. RuntimeError where an answer is an error, or has not the marker in it."""
    file = folder / "requests.txt"
    file.write_text("".join(request.line() for request in requests))
    # So that no two runs make the same documents.
    first = next(numbers) * 10_000_000
    options = [str(file), str(first), *([marker] if marker else [])]
    return run_wrk(server, "requests.lua", options, threads=1, seconds=seconds)


def run_wrk(server: Server, script: str, options: Sequence[str], *, threads: int, seconds: float) -> Sample:
    command = [
        *("wrk", f"--threads={threads}", f"--connections={CONNECTIONS}"),
        *(f"--duration={max(1, round(seconds))}s", "--timeout=30s", "--latency"),
        *(f"--script={SCRIPTS / script}", server.url, "--", *options),
    ]
    before = server.cpu_seconds()
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    cpu = server.cpu_seconds() - before
    told = json.loads(done.stdout.splitlines()[-1])
    if told["failed"] or not told["requests"]:
        raise RuntimeError(f"{told['failed']} of {told['requests']} requests failed:\n{done.stdout}")
    return Sample(
        cpu=cpu / told["requests"],
        rate=told["requests"] / told["microseconds"] * 1e6,
        p50=told["p50"] / 1e6,
        p99=told["p99"] / 1e6,
    )
