"""A PostgreSQL and a replica of it, of the tests' own."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic, sleep
from typing import LiteralString

import psycopg
import pytest

DEBIAN = "/usr/lib/postgresql"
OPTIONS = ["-c", "fsync=off", "-c", "shared_buffers=32MB", "-c", "max_connections=40", "-c", "hot_standby=on"]
# The server refuses to run as root.
ACCOUNT = "postgres" if os.geteuid() == 0 else None


def find(program: str) -> str | None:
    """Return the program's path, of the newest release that is installed."""
    installed = sorted(Path(DEBIAN).glob(f"*/bin/{program}"), key=lambda path: int(path.parts[-3]))
    return shutil.which(program) or (str(installed[-1]) if installed else None)


def require(program: str) -> str:
    path = find(program)
    if path:
        return path
    missing = "NOT TESTED WITH A REPLICA: INSTALL POSTGRESQL'S SERVER."
    if os.environ.get("CI"):
        pytest.fail(missing)
    pytest.skip(missing)


def run(program: str, *arguments: str) -> None:
    subprocess.run([require(program), *arguments], user=ACCOUNT, check=True, capture_output=True)


class Server:
    """A server whose files are in a folder. It can be stopped, killed, started again and frozen."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"postgres://postgres@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        command = [require("postgres"), "-D", str(self.folder), "-p", str(self.port), "-k", "", *OPTIONS]
        self.process = subprocess.Popen(
            command, user=ACCOUNT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        wait_for(self.answers)

    def answers(self) -> bool:
        with suppress(psycopg.OperationalError), psycopg.connect(self.url, connect_timeout=2):
            return True
        return False

    def ask(self, sql: LiteralString) -> object:
        with psycopg.connect(self.url, autocommit=True) as connection:
            cursor = connection.execute(sql)
            return cursor.fetchone() if cursor.description else None

    def kill(self) -> None:
        """End the server and all of its processes at once."""
        if self.process:
            self.thaw()
            self.process.send_signal(signal.SIGQUIT)
            self.process.wait()
            self.process = None

    def freeze(self) -> None:
        self.signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self.signal(signal.SIGCONT)

    def signal(self, number: int) -> None:
        """Send the signal to the server and its processes."""
        if self.process:
            children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
            self.process.send_signal(number)
            for pid in map(int, children):
                with suppress(ProcessLookupError):  # one that served a connection ends with it
                    os.kill(pid, number)


@contextmanager
def pair() -> Iterator[tuple[Server, Server]]:
    """Run a primary and its replica. Skip the test if PostgreSQL is not installed."""
    require("postgres")
    with tempfile.TemporaryDirectory(prefix="store-pair-", ignore_cleanup_errors=True) as name:
        if ACCOUNT:
            shutil.chown(name, ACCOUNT)
        primary, replica = Server(Path(name, "primary")), Server(Path(name, "replica"))
        try:
            run(
                "initdb",
                "-D",
                str(primary.folder),
                "-U",
                "postgres",
                "-A",
                "trust",
                "-E",
                "UTF8",
                "--no-sync",
            )
            primary.start()
            source = ["-h", "127.0.0.1", "-p", str(primary.port), "-U", "postgres"]
            run("pg_basebackup", "-D", str(replica.folder), *source, "-R", "-c", "fast", "--no-sync")
            replica.start()
            yield primary, replica
        finally:
            replica.kill()
            primary.kill()


def wait_for(condition: Callable[[], object], *, seconds: float = 60) -> None:
    """Wait until the condition holds, which it soon does."""
    end = monotonic() + seconds
    while not condition():
        assert monotonic() < end, "It did not happen in time."
        sleep(0.01)
