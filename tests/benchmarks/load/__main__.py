"""What a request costs the store, beside its references, on DATABASE_URL's server: `make bench`."""

import argparse
import os
import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import django

# As in production, behind a proxy that ends TLS; whatever the environment or .env says.
ENVIRONMENT = {
    "ALLOWED_HOSTS": "127.0.0.1",
    "BEHIND_PROXY": "true",
    "DEBUG": "false",
    "LOG_LEVEL": "ERROR",
    "REDIS_URL": "",
    "SECRET_KEY": "of-the-benchmark",
    "STORE_CURRENCY": "USD",
    "STORE_TRUSTED_PROXIES": "1",
    "STRIPE_SECRET_KEY": "sk_test_benchmark",
    "STRIPE_WEBHOOK_SECRETS": "whsec_benchmark",
    "DJANGO_SETTINGS_MODULE": "backend.settings",
}
PRODUCTS = 5_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one short round of each")
    options = parser.parse_args()
    if not shutil.which("wrk"):
        sys.exit(
            "The load comes from wrk, which is not here. Debian: apt-get install wrk. macOS: brew install wrk."
        )
    with TemporaryDirectory(prefix="store-benchmark-") as directory:
        os.environ.update(ENVIRONMENT, MEDIA_ROOT=f"{directory}/media")
        django.setup()
        run(Path(directory), quick=options.quick)


def run(folder: Path, *, quick: bool) -> None:
    # These need Django, which needs the environment.
    from tests.benchmarks.load import cells, contenders, report, shop

    with shop.database(folder) as url:
        tell("filling a database")
        filled = shop.fill(PRODUCTS)
        environment = {"DATABASE_URL": url}
        with contenders.all_serving(environment=environment, log=folder / "server.log") as servers:
            results = cells.measured(
                list(cells.cells(filled)),
                servers,
                rounds=1 if quick else 3,
                seconds=1 if quick else 2,
                folder=folder,
                tell=tell,
            )
            memory = servers[contenders.Contender.STORE].worker_bytes()
            started = servers[contenders.Contender.STORE].seconds_to_answer
    for line in report.table(results):
        print(line)  # noqa: T201
    print(f"A worker's memory: {memory / 2**20:.0f} MB; its first answer after {started:.1f} s.")  # noqa: T201


def tell(step: str) -> None:
    print(f"… {step}", file=sys.stderr)  # noqa: T201


if __name__ == "__main__":
    main()
