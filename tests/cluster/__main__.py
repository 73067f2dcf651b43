"""python -m tests.cluster: the store on many machines, which are network namespaces of this one."""

import argparse
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from random import SystemRandom

import django

from tests.cluster.network import open_network
from tests.cluster.services import Cluster, missing
from tests.workers.smtp import mail_server

UNABLE = 77  # the exit status of a test that cannot be run


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--storm", type=float, metavar="SECONDS", help="Hurt one machine after the other while shoppers buy."
    )
    parser.add_argument("--shoppers", type=int, default=30, help="Default: %(default)s")
    parser.add_argument("--few", action="store_true", help="Only with five faults.")
    parser.add_argument("--seed", help="Of an earlier storm, to repeat its shoppers' decisions.")
    parser.add_argument("--measure", action="store_true", help="Measure what requests cost.")
    options = parser.parse_args()
    if lacking := missing():
        sys.stderr.write("NO CLUSTER: THIS MACHINE LACKS\n" + "".join(f"  {thing}\n" for thing in lacking))
        return UNABLE
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if options.storm:
        return rage(options)
    if options.measure:
        return measure()
    with suppress(KeyboardInterrupt), open_cluster(shoppers=0) as cluster:
        sys.stdout.write(cluster.manage("seed", DEBUG="true"))
        sys.stdout.write(describe(cluster))
        sys.stdout.flush()
        signal.pause()
    return 0


def rage(options: argparse.Namespace) -> int:
    """Run a storm, print what was seen of it, and return 1 if anything went wrong."""
    seed = options.seed or str(SystemRandom().randrange(10**6))
    sys.stdout.write(f"SEED={seed}\n")
    with open_cluster(shoppers=options.shoppers + 1) as cluster:
        django.setup()
        # They need Django's applications.
        from tests.cluster.faults import FAULTS, FEW
        from tests.cluster.report import table
        from tests.cluster.storm import Storm

        storm = Storm(cluster, seed=seed)
        storm.rage(seconds=options.storm, faults=FEW if options.few else FAULTS)
        sys.stdout.write(table(storm))
        wrong = storm.check()
        if wrong:
            kept = shutil.copytree(
                cluster.folder, tempfile.mkdtemp(prefix="store-storm-"), dirs_exist_ok=True
            )
            sys.stdout.write("\n".join([*wrong, f"WRONG, SEED={seed}. The logs are in {kept}", ""]))
    return 1 if wrong else 0


def measure() -> int:
    with open_cluster(shoppers=30) as cluster:
        django.setup()
        from tests.cluster.throughput import compare  # it needs Django's applications

        sys.stdout.write(compare(cluster))
    return 0


@contextmanager
def open_cluster(*, shoppers: int) -> Iterator[Cluster]:
    """Start the store on machines of its own. The end of the block ends it, and removes all of it."""
    with tempfile.TemporaryDirectory(prefix="store-cluster-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # PostgreSQL's account reads in it
        with open_network(shoppers=shoppers) as net, mail_server(net.own) as mails:
            cluster = Cluster(net, folder, mails=mails)
            os.environ.update(cluster.environment)  # this process belongs to the store, too
            cluster.start()
            yield cluster


def describe(cluster: Cluster) -> str:
    lines = [f"  {name:<9} {address}" for name, address in cluster.addresses().items()]
    return "\n".join([*lines, f"The logs are in {cluster.folder}. Ctrl-C ends all of it.", ""])


if __name__ == "__main__":
    sys.exit(main())
