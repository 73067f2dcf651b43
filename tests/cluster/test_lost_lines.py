"""PostgreSQL's machine is cut off in the middle of a statement: whoever waits for it is told."""

import os
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path

import psycopg
import pytest
from django.conf import settings

from tests.cluster.network import open_network
from tests.cluster.services import Cluster, missing
from tests.workers.conftest import wait_until
from tests.workers.smtp import mail_server

pytestmark = pytest.mark.slow

# The store gives up after some ten seconds.
LONGEST_SECONDS = 60
SLEEPING = "SELECT FROM pg_stat_activity WHERE query LIKE '%pg_sleep(3600)' AND state = 'active'"


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """A cluster of which only the primary is started."""
    if lacking := missing():
        pytest.skip(f"NOT TESTED ON MANY MACHINES: THIS ONE LACKS {', '.join(lacking)}.")
    with tempfile.TemporaryDirectory(prefix="store-lines-") as name:
        os.chmod(name, 0o755)
        with open_network(shoppers=0) as net, mail_server() as mails:
            cluster = Cluster(net, Path(name), mails=mails)
            cluster.start_primary()
            yield cluster


def test_who_waits_for_a_lost_server_is_told(cluster: Cluster) -> None:
    machine = cluster.machines["primary"]
    url = cluster.environment["DATABASE_URL"]
    with ExitStack() as stack, ThreadPoolExecutor(2) as pool:
        waiting, sending, watching = (
            stack.enter_context(
                closing(psycopg.connect(url, autocommit=True, **settings.POSTGRESQL_PATIENCE))
            )
            for _ in range(3)
        )
        try:
            waits = pool.submit(waiting.execute, "SELECT pg_sleep(3600)")
            wait_until(lambda: bool(watching.execute(SLEEPING).fetchall()))
            machine.cut()
            sends = pool.submit(sending.execute, "SELECT 1")
            for lost in (waits, sends):
                with pytest.raises(psycopg.OperationalError):
                    lost.result(timeout=LONGEST_SECONDS)
        finally:
            machine.join()
            machine.kill()  # which ends what still waits
