"""manage.py db_worker: run the tasks of the database, in place of django-tasks-db's command of this name."""

import os
import signal
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils.autoreload import run_with_reloader

from core.worker import Worker


class Command(BaseCommand):
    help = (
        "Run tasks, such as mails, and those by the clock, until it is stopped. Several may run at the same time, and "
        "each may be killed at any moment."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--threads", type=int, default=4, help="how many tasks it runs at the same time")
        parser.add_argument("--reload", action="store_true", help="start again when the code changes")

    def handle(self, *, threads: int, reload: bool, **options: Any) -> None:
        worker = Worker()

        def stop(*_: Any) -> None:
            """End when the running tasks have ended. A second signal ends at once."""
            if worker.stopping.is_set():
                os._exit(1)
            worker.stopping.set()

        if reload:
            run_with_reloader(worker.run, threads=threads)
        else:
            signal.signal(signal.SIGINT, stop)
            signal.signal(signal.SIGTERM, stop)
            worker.run(threads=threads)
