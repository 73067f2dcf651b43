"""The server is told to stop while requests run. Workers of tasks are in tests/workers/."""

import os
import signal
import socket
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path
from time import sleep

import pytest

from tests.benchmarks.load.server import Server
from tests.outages.shop import ADD, CUP, Browser, shop
from tests.workers.conftest import wait_until

pytestmark = pytest.mark.slow

RUNNING = 4


def open_sockets(server: Server) -> int:
    """The number of sockets of the workers: of connections, besides those that are always there."""
    links = [link for pid in server.workers for link in Path(f"/proc/{pid}/fd").iterdir()]
    number = 0
    for link in links:
        with suppress(FileNotFoundError):  # closed meanwhile
            number += os.readlink(link).startswith("socket:")
    return number


def is_refused(port: int) -> bool:
    """Whether the server takes no new connections."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    except ConnectionRefusedError:
        return True
    return False


def test_running_requests_are_answered_and_then_it_ends(tmp_path: Path) -> None:
    database = tmp_path / "db.sqlite3"
    with (
        shop(tmp_path, {"DATABASE_URL": f"sqlite:///{database}"}) as server,
        closing(sqlite3.connect(database, isolation_level=None)) as other,
        ThreadPoolExecutor(RUNNING) as pool,
    ):
        cup = Browser(server).run(CUP)["product"]["id"]
        workers, before = server.workers, open_sockets(server)
        other.execute("BEGIN IMMEDIATE")  # all that write wait for this transaction
        running = [pool.submit(Browser(server).run, ADD, id=cup) for _ in range(RUNNING)]
        wait_until(lambda: open_sockets(server) >= before + RUNNING)
        sleep(1)  # until what was sent is read
        os.kill(server.pid, signal.SIGTERM)
        wait_until(lambda: is_refused(server.port))
        assert not any(future.done() for future in running)
        other.execute("COMMIT")
        answers = [future.result() for future in running]
        assert answers == [{"addToCart": {"__typename": "Cart"}}] * RUNNING
        wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in workers))
