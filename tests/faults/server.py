"""python -m tests.faults.server PORT: Granian with several workers, restarted at once after each kill.

Every byte on standard input kills all of the server's processes, and the end of the input ends it. So the server never
outlives the process that started it.
"""

import gc
import os
import signal
import sys
from contextlib import suppress
from threading import Lock, Thread

from django.urls import resolve
from granian import Granian
from granian.constants import Interfaces

from tests.faults import wsgi

WORKERS = 3


def serve(port: int) -> None:
    Granian(
        f"{wsgi.__name__}:application",
        port=port,
        interface=Interfaces.WSGI,
        workers=WORKERS,
        blocking_threads=4,
        respawn_failed_workers=True,
        workers_kill_timeout=1,
        log_enabled=False,
    ).serve()


def warm() -> None:
    """Load the code, and fill its caches, so that every forked process answers its first request quickly."""
    resolve("/healthz")
    # Django's applications have to be loaded first.
    from backend.http.documents import documents
    from backend.schema import schema
    from core.addresses import validate_address
    from tests.factories import make_address
    from tests.faults.shop import CANCEL
    from tests.orders.conftest import ADD_TO_CART, CHECKOUT

    for text in (ADD_TO_CART, CHECKOUT, CANCEL):
        document = documents.get(text, schema)
        assert not document.errors
        document.plan(document.operation(None))
    validate_address(make_address())  # compiles the patterns of e-mail addresses and phone numbers


class Supervisor:
    """Keeps one server alive, in a process group of its own."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.changing = Lock()
        self.start()

    def start(self) -> None:
        self.server = os.fork()
        if self.server:
            return
        os.setpgid(0, 0)
        with suppress(SystemExit):
            serve(self.port)
        os._exit(0)  # at once, because clearing up an interpreter takes a second

    def keep(self) -> None:
        while True:
            os.waitpid(self.server, 0)
            with self.changing:
                self.kill()  # Granian gives up when one worker dies twice in a row, while others may still run
                self.start()

    def kill(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.server, signal.SIGKILL)

    def obey(self) -> None:
        while os.read(0, 1):  # not sys.stdin, whose lock the forked processes would wait for
            with self.changing:
                self.kill()
        with self.changing:
            self.kill()
            os._exit(0)


if __name__ == "__main__":
    warm()
    gc.freeze()  # otherwise the first collection in each process would copy all shared memory
    supervisor = Supervisor(int(sys.argv[1]))
    Thread(target=supervisor.obey, daemon=True).start()
    supervisor.keep()
