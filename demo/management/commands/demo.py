"""manage.py demo: buy over HTTP in a store of its own, and check every answer."""

import json
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from demo.purchase.shopper import Shopper
from demo.purchase.store import Store


class Command(BaseCommand):
    help = (
        "Buy something over HTTP, in a store of its own with a fresh database. Fails if any answer is wrong."
    )

    def handle(self, **options: Any) -> None:
        began = perf_counter()
        with (
            end_in_order(),
            TemporaryDirectory(prefix="store-demo-") as directory,
            Store(Path(directory)) as store,
        ):
            shopper = Shopper(store)
            steps = [
                store.migrate,
                store.seed,
                store.serve,
                shopper.register,
                shopper.browse,
                shopper.search,
                shopper.favourite,
                shopper.fill_cart,
                shopper.set_delivery,
                shopper.apply_code,
                shopper.check_out,
                shopper.pay,
                shopper.look_at_stock,
                shopper.comment,
            ]
            for step in steps:
                self.take(step, store=store, shopper=shopper)
            self.stdout.write("\n" + shopper.receipt())
        self.stdout.write(f"\nAll answers were correct, in {perf_counter() - began:.1f} s.")

    def take(self, step: Callable[[], str], *, store: Store, shopper: Shopper) -> None:
        """Take the step, and print its result and its time.

        Raises:
            CommandError: the step failed. The message has the last answer.
        """
        name = step.__name__.replace("_", " ")
        began = perf_counter()
        try:
            outcome = step()
        except Exception as error:
            answer = json.dumps(shopper.api.answer, indent=2, ensure_ascii=False)
            raise CommandError(
                f"✗ {name}: {error!r}\n\nThe last answer: {answer}\n\nThe store's log ends:\n{store.log_tail()}"
            ) from error
        self.stdout.write(f"  ✓ {name:<14} {outcome:<64} {perf_counter() - began:6.2f} s")


@contextmanager
def end_in_order() -> Iterator[None]:
    """Let SIGTERM end this process through every `finally`. By default it would kill the process at once."""
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit("Terminated."))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
