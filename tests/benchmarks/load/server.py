"""A server, started as in production, with its processor time and memory from /proc."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

from django.conf import settings

from demo.purchase.store import free_port

HOST = "127.0.0.1"
TICKS = os.sysconf("SC_CLK_TCK")
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
START_SECONDS = 90
IDLE_SECONDS = 0.1


@dataclass(frozen=True, kw_only=True)
class Server:
    """A running server.

    `seconds_to_answer` is the time from its start to its first answer, `cpu_to_answer` the processor time of that.
    """

    port: int
    pid: int
    seconds_to_answer: float
    cpu_to_answer: float

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    @property
    def workers(self) -> list[int]:
        """The child processes of the started process."""
        return children(self.pid)

    def cpu_seconds(self) -> float:
        """The user and system time of all its processes since their start."""
        return sum(cpu_seconds(pid) for pid in (self.pid, *self.workers))

    def cpu_seconds_when_idle(self) -> float:
        """The same, once all running requests are done."""
        spent = self.cpu_seconds()
        while True:
            time.sleep(IDLE_SECONDS)
            before, spent = spent, self.cpu_seconds()
            if spent == before:
                return spent

    def worker_bytes(self) -> int:
        """The resident memory of the largest worker."""
        return max(resident_bytes(pid) for pid in self.workers)


@contextmanager
def serving(
    application: str, *, environment: Mapping[str, str], log: Path, workers: int = 1
) -> Iterator[Server]:
    """Serve the application by the production server on a free local port, until the end of the block."""
    port = free_port()
    began = time.perf_counter()
    with (
        log.open("ab") as output,
        subprocess.Popen(
            command(application, port=port, workers=workers),
            cwd=settings.BASE_DIR,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        ) as process,
    ):
        try:
            wait_for_answer(process, port, log)
            seconds = time.perf_counter() - began
            cpu = sum(cpu_seconds(pid) for pid in (process.pid, *children(process.pid)))
            yield Server(port=port, pid=process.pid, seconds_to_answer=seconds, cpu_to_answer=cpu)
        finally:
            process.terminate()
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                for pid in (*children(process.pid), process.pid):
                    os.kill(pid, 9)


def command(application: str, *, port: int, workers: int, host: str = HOST) -> list[str]:
    """Return the Dockerfile's command, for this address and number of workers."""
    dockerfile = (settings.BASE_DIR / "Dockerfile").read_text("utf-8").replace("\\\n", "")
    [line] = re.findall(r"^CMD (\[.*\])$", dockerfile, re.MULTILINE)
    program, *options, _ = json.loads(line)
    options[options.index("--host") + 1] = host
    options += ["--workers", str(workers), "--port", str(port)]  # before the container's variable
    return [sys.executable, "-m", program, *options, application]


def wait_for_answer(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            http = HTTPConnection(HOST, port, timeout=START_SECONDS)
            http.request("GET", "/healthz", headers={"X-Forwarded-Proto": "https"})
            http.getresponse().read()
            http.close()
        except OSError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"The server does not answer:\n{log.read_text()}") from None
            time.sleep(0.01)
        else:
            return


def children(pid: int) -> list[int]:
    return [
        int(child)
        for task in Path(f"/proc/{pid}/task").iterdir()
        for child in (task / "children").read_text().split()
    ]


def cpu_seconds(pid: int) -> float:
    # The program's name is in brackets, and may contain brackets.
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def resident_bytes(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE_BYTES
