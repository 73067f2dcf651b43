"""python -m tests.faults.soak: a storm of any length, in rounds that each end with an audit.

It uses a separate database, on the server of DATABASE_URL or in a file, and drops it at the end.
"""

import argparse
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import SystemRandom

import django
from django.conf import settings

ROUND_SECONDS = 10


def main() -> int:
    """Run the storm, and return the exit status: 1 if the books of a round are wrong."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=300, help="Default: %(default)s")
    parser.add_argument("--seed", help="Of an earlier run, to repeat its decisions.")
    options = parser.parse_args()
    seed = options.seed or str(SystemRandom().randrange(10**6))
    folder = Path(tempfile.mkdtemp(prefix="soak-"))
    sys.stdout.write(f"SEED={seed}, the server's log is {folder / 'server.log'}\n")
    with own_database(folder):
        wrong = soak(folder, seed=seed, seconds=options.seconds)
    for line in wrong:
        sys.stdout.write(f"{line}\n")
    if wrong:
        sys.stdout.write(f"THE BOOKS ARE WRONG, SEED={seed}\n")
        return 1
    shutil.rmtree(folder)
    sys.stdout.write("The books are right.\n")
    return 0


def soak(folder: Path, *, seed: str, seconds: float) -> list[str]:
    """Run rounds, and return the differences after the first one that leaves any."""
    from tests.faults.shop import running_shop
    from tests.faults.storm import VARIABLES, Storm

    with running_shop(folder, **VARIABLES) as shop:
        storm = Storm(shop=shop, seed=seed)
        end = time.monotonic() + seconds
        wrong: list[str] = []
        while not wrong and (left := end - time.monotonic()) > 0:
            wrong = storm.rage(seconds=min(left, ROUND_SECONDS))
            counts = ", ".join(f"{number} {name}" for name, number in sorted(storm.counts.items()))
            sys.stdout.write(f"{len(shop.last_steps)} killed at a step; {counts}\n")
            sys.stdout.flush()
    return wrong


@contextmanager
def own_database(folder: Path) -> Iterator[None]:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backend.settings")
    django.setup()
    from django.db import connection

    original = connection.settings_dict["NAME"]
    in_file = connection.vendor == "sqlite"
    connection.settings_dict["TEST"]["NAME"] = folder / "soak.sqlite3" if in_file else f"{original}_soak"
    settings.STRIPE_FAKE_DB = folder / "stripe.sqlite3"
    connection.creation.create_test_db(verbosity=0, autoclobber=True)
    try:
        yield
    finally:
        connection.creation.destroy_test_db(original, verbosity=0)


if __name__ == "__main__":
    sys.exit(main())
