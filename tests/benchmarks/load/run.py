"""The runs: all contenders in turns, simultaneous shoppers, and the soak."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from django.conf import settings
from django.db import connection
from django.test.utils import setup_test_environment

from tests.benchmarks.load import bare, cells, chart, report, soaking
from tests.benchmarks.load.contenders import APPLICATIONS, Contender, all_serving
from tests.benchmarks.load.driver import CONNECTIONS, try_out
from tests.benchmarks.load.server import serving
from tests.benchmarks.load.shop import Shop, database, fill
from tests.benchmarks.load.statements import number_of_statements, record_purchases
from tests.benchmarks.load.stripe import use_instant_stripe

MEBIBYTE = 2**20
SHOPPERS_SECONDS = 4
# Four for each shopper, all with different products, so that they block each other no more than in the store.
RECORDED = 4 * CONNECTIONS
CHARTS = settings.BASE_DIR / "docs/images"


@dataclass(frozen=True, kw_only=True)
class Opened:
    """A filled shop, the URL of its database, and a folder for the logs."""

    shop: Shop
    url: str
    folder: Path

    @property
    def log(self) -> Path:
        return self.folder / "server.log"

    @property
    def environment(self) -> dict[str, str]:
        return {"DATABASE_URL": self.url}


@contextmanager
def open_benchmark_shop(products: int, *, folder: Path) -> Iterator[Opened]:
    setup_test_environment()
    use_instant_stripe()
    with database(folder) as url:
        tell(f"{products:,} products in a database of {connection.vendor}")
        yield Opened(shop=fill(products), url=url, folder=folder)


def compare(opened: Opened, *, quick: bool, draw: bool) -> None:
    """Print the cost of each operation for each contender, and the store's ratios to the references."""
    asked = cells.cells(opened.shop)
    statements = {
        operation: {
            contender: number_of_statements(contender, cell.example)
            for contender, cell in contenders.items()
            if contender.has_sql
        }
        for operation, contenders in asked.items()
    }
    with all_serving(environment=opened.environment, log=opened.log) as servers:
        results = cells.measure_all(
            asked,
            servers,
            rounds=1 if quick else 3,
            seconds=1 if quick else 2,
            folder=opened.folder,
            tell=tell,
        )
        store = servers[Contender.CACHED]
        memory = store.worker_bytes()
    say(*report.table(results, statements), "")
    say(*report.ratios(results))
    say(f"a worker's memory: {memory / MEBIBYTE:.0f} MB (less than 150)")
    say(
        f"from a worker's start to its first answer: {store.seconds_to_answer:.1f} s (less than 2), "
        f"of that {store.cpu_to_answer:.1f} s of processor time"
    )
    if connection.vendor == "postgresql":
        ours, script = shoppers_at_once(opened, rounds=1 if quick else 3)
        ratio = ours / script
        say(f"purchases/s by 8 shoppers: {ours:.0f}, by bare SQL {script:.0f}: {ratio:.2f} (at least 0.30)")
    if draw:
        path = CHARTS / f"performance-{connection.vendor}.svg"
        path.write_text(chart.draw(results, database=connection.display_name), "utf-8")


def shoppers_at_once(opened: Opened, *, rounds: int) -> tuple[float, float]:
    """Return the purchases per second of the store with a worker for each core, and of the bare script."""
    tell("shoppers at once")
    recorded = record_purchases(
        [cells.purchase(opened.shop, Contender.CACHED, number) for number in range(RECORDED)]
    )
    application, variables = APPLICATIONS[Contender.CACHED]
    environment = opened.environment | variables
    cell = cells.buy_cell(opened.shop, Contender.CACHED)
    ours, scripts = [], []
    with serving(application, environment=environment, log=opened.log, workers=os.cpu_count() or 1) as server:
        try_out(server, cell.example)
        for _ in range(rounds):
            ours.append(cell.drive(server, seconds=SHOPPERS_SECONDS, folder=opened.folder).rate)
            scripts.append(bare.replay(opened.url, recorded, shoppers=CONNECTIONS, seconds=SHOPPERS_SECONDS))
    return median(ours), median(scripts)


def soak(opened: Opened, *, requests: int) -> None:
    """Print a worker's memory again and again."""
    application, variables = APPLICATIONS[Contender.CACHED]
    with serving(application, environment=opened.environment | variables, log=opened.log) as server:
        for answered, memory in soaking.memory(server, opened.shop, requests=requests, folder=opened.folder):
            say(f"after {answered:,} requests of all kinds: {memory / MEBIBYTE:.1f} MB")


def tell(step: str) -> None:
    """Print the current step to stderr."""
    print(f"… {step}", file=sys.stderr)  # noqa: T201


def say(*lines: str) -> None:
    for line in lines:
        print(line, flush=True)  # noqa: T201
