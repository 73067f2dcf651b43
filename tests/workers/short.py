"""python -m tests.workers.short THREADS: db_worker, with all of its times made short."""

import sys
from datetime import timedelta

import django

django.setup()

from django.core.management import call_command  # noqa: E402  # Django's applications have to be loaded first

from core import mail, tasks, worker  # noqa: E402
from hooks import lanes  # noqa: E402

worker.LEASE, worker.ALARM = timedelta(seconds=4), timedelta(seconds=3)
worker.BEAT = worker.POLL = worker.FIRST_PAUSE = timedelta(seconds=0.2)
worker.LONGEST_PAUSE = timedelta(seconds=0.5)
mail.breaker.pause = 0.2
lanes.SHORTEST = lanes.LONGEST = lanes.LONGEST_PAUSE = timedelta(seconds=0.2)
tasks.SCHEDULE["hooks.tasks.deliver_due"] = timedelta(seconds=0.5)

if __name__ == "__main__":
    call_command("db_worker", threads=int(sys.argv[1]))
