"""A Redis of the tests' own, and a line to it that can be cut and frozen."""

import os
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event, Thread
from time import monotonic, sleep
from urllib.parse import urlsplit

import pytest


@contextmanager
def redis_server(folder: Path, *, port: int = 0) -> Iterator[str]:
    """Run a Redis that keeps nothing on disk, and yield its URL. Skip the test if Redis is not installed."""
    program = shutil.which("redis-server")
    if program is None:
        if os.environ.get("CI"):
            pytest.fail("NOT TESTED WITH REDIS: INSTALL redis-server.")
        pytest.skip("NOT TESTED WITH REDIS: INSTALL redis-server.")
    with socket.create_server(("127.0.0.1", port)) as free:
        port = free.getsockname()[1]
    options = ["--bind", "127.0.0.1", "--port", str(port), "--save", "", "--appendonly", "no"]
    server = subprocess.Popen([program, *options], cwd=folder, stdout=subprocess.DEVNULL)
    try:
        wait_for(lambda: answers(port))
        yield f"redis://127.0.0.1:{port}"
    finally:
        server.kill()
        server.wait()


def answers(port: int, *, host: str = "127.0.0.1") -> bool:
    with suppress(OSError), socket.create_connection((host, port)) as client:
        client.sendall(b"PING\r\n")
        return client.recv(7) == b"+PONG\r\n"
    return False


def wait_for(condition: Callable[[], object], *, seconds: float = 10) -> None:
    """Wait until the condition holds, which it soon does."""
    end = monotonic() + seconds
    while not condition():
        assert monotonic() < end, "It did not happen in time."
        sleep(0.002)


class Line:
    """A line to a server, by which one process reaches it. It can be cut or frozen."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.server = parts.hostname, parts.port
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = parts._replace(netloc=f"127.0.0.1:{self.listener.getsockname()[1]}").geturl()
        self.open = Event()
        self.open.set()
        self.is_cut = False
        self.ends: list[socket.socket] = []
        Thread(target=self.accept, daemon=True).start()

    def accept(self) -> None:
        with suppress(OSError), self.listener:
            while True:
                client, _ = self.listener.accept()
                if self.is_cut:
                    client.close()
                    continue
                try:
                    server = socket.create_connection(self.server)
                except OSError:
                    client.close()
                    continue
                self.ends += [client, server]
                for source, target in ((client, server), (server, client)):
                    Thread(target=self.pump, args=(source, target), daemon=True).start()

    def pump(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError), source:
            while data := source.recv(65536):
                self.open.wait()
                target.sendall(data)
        with suppress(OSError):
            target.shutdown(socket.SHUT_RDWR)

    def cut(self) -> None:
        """Close all connections, and refuse new ones."""
        self.is_cut = True
        self.hang_up()

    def freeze(self) -> None:
        """Hold what is sent, in both directions."""
        self.open.clear()

    def mend(self) -> None:
        self.is_cut = False
        self.open.set()

    def close(self) -> None:
        with suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.open.set()
        self.hang_up()

    def hang_up(self) -> None:
        for end in self.ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        self.ends.clear()
