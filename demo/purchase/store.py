"""The demo's own store: a fresh database, a fake Stripe, and a server process on a free port."""

import os
import socket
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Self
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

from django.conf import settings

WEBHOOK_SECRET = "whsec_demo"
START_SECONDS = 30
TASK_SECONDS = 60
# What the worker has taken up, and what it would take up now: a task without a moment has the last year that there is.
DUE = """
    SELECT count(*) FROM django_tasks_database_dbtaskresult WHERE status = 'RUNNING'
    OR status = 'READY' AND (run_after <= strftime('%Y-%m-%d %H:%M:%f', 'now') OR run_after >= '9999-01-01')
"""
# Bypasses any proxy of the environment, because the store is on this machine.
DIRECT = build_opener(ProxyHandler({}))


class Store:
    """A store that writes only to `directory`. The end of the `with` block ends every process that it started."""

    def __init__(self, directory: Path) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.database = directory / "db.sqlite3"
        self.stripe_db = directory / "stripe.sqlite3"
        self.log = directory / "store.log"
        # These override the shell and .env, so that the demo is always the same and uses no data of another store.
        self.environment = {
            **os.environ,
            "ALLOWED_HOSTS": "127.0.0.1",
            "DATABASE_URL": f"sqlite:///{self.database}",
            "DEBUG": "true",
            "EMAIL_URL": "consolemail://",
            "MEDIA_ROOT": str(directory / "media"),
            "REDIS_URL": "",
            "SECURE_SSL_REDIRECT": "false",
            "STORE_CURRENCY": "USD",
            "STORE_SHIP_ON_PAYMENT": "true",
            "STRIPE_FAKE_DB": str(self.stripe_db),
            "STRIPE_SECRET_KEY": "",
            "STRIPE_WEBHOOK_SECRETS": WEBHOOK_SECRET,
        }
        self.processes: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for process in self.processes:
            process.kill()  # its files are deleted anyway
            process.wait()

    # ── The demo's steps ─────────────────────────────────────────────────────

    def migrate(self) -> str:
        self.wait_for("migrate")
        return "a fresh database"

    def seed(self, *options: str) -> str:
        self.wait_for("seed", *options)
        return "products, pictures, comments, accounts, delivery and tax"

    def serve(self) -> str:
        server = self.start("runserver", "--noreload", f"127.0.0.1:{self.port}")
        self.start("db_worker")
        deadline = time.monotonic() + START_SECONDS
        while not self.answers():
            if server.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("The server has not started.")
            time.sleep(0.05)
        return self.url

    def finish_tasks(self) -> None:
        """Wait until the worker has done what is due, such as mails.

        Raises:
            RuntimeError: it has not in time.
        """
        deadline = time.monotonic() + TASK_SECONDS
        with closing(sqlite3.connect(self.database)) as database:
            while database.execute(DUE).fetchone() != (0,):
                if time.monotonic() > deadline:
                    raise RuntimeError("The worker has not done its tasks.")
                time.sleep(0.05)

    # ── What they are made of ────────────────────────────────────────────────

    def start(self, *command: str) -> subprocess.Popen[bytes]:
        """Run manage.py in the background, at the longest until the `with` block ends."""
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, settings.BASE_DIR / "manage.py", *command],
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self.processes.append(process)
        return process

    def wait_for(self, *command: str) -> None:
        if status := self.start(*command).wait():
            raise RuntimeError(f"manage.py {command[0]} ended with {status}.")

    def answers(self) -> bool:
        try:
            with DIRECT.open(f"{self.url}/healthz", timeout=5) as response:
                return bool(response.status == 200)
        except (URLError, ConnectionError):
            return False

    def log_tail(self, lines: int = 20) -> str:
        return "\n".join(self.log.read_text("utf-8", errors="replace").splitlines()[-lines:])


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port
