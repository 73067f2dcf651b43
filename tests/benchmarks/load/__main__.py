"""The cost of a request, beside references, on DATABASE_URL's server: `make bench`."""

import argparse
import os
import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import django

PRODUCTS = 5_000
# As in production behind a proxy that terminates TLS. These override the environment and .env.
ENVIRONMENT = {
    "ALLOWED_HOSTS": "127.0.0.1",
    "BEHIND_PROXY": "true",
    "DEBUG": "false",
    "DJANGO_SETTINGS_MODULE": "backend.settings",
    "LOG_LEVEL": "ERROR",
    "REDIS_URL": "",
    "SECRET_KEY": "of-the-benchmark",
    "STORE_CURRENCY": "USD",
    # All the load comes from one address, and nobody pays.
    "STORE_MAX_COST_PER_MINUTE": "0",
    "STORE_HOLD_ADDRESS_LINES": "100000000",
    "STORE_HOLD_ADDRESS_UNITS": "100000000",
    "STORE_HOLD_SHARE": "100",
    "STORE_MAX_VISITORS": "100000000",
    "STRIPE_SECRET_KEY": "sk_test_benchmark",
    "STRIPE_WEBHOOK_SECRETS": "whsec_benchmark",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one short round of each instead of three")
    parser.add_argument("--chart", action="store_true", help="draw docs/images/performance-….svg again")
    parser.add_argument(
        "--soak", type=int, metavar="N", help="instead, measure a worker's memory over N mixed requests"
    )
    options = parser.parse_args()
    if not shutil.which("wrk"):
        sys.exit(
            "The load comes from wrk, which is not here. Debian: apt-get install wrk; macOS: brew install wrk."
        )
    with TemporaryDirectory(prefix="store-benchmark-") as directory:
        os.environ.update(
            ENVIRONMENT, MEDIA_ROOT=f"{directory}/media", STORE_REVISION_FILE=f"{directory}/revision"
        )
        django.setup()

        from tests.benchmarks.load import run  # needs Django, and that the environment

        folder = Path(directory)
        with run.open_benchmark_shop(PRODUCTS, folder=folder) as opened:
            if options.soak:
                run.soak(opened, requests=options.soak)
            else:
                run.compare(opened, quick=options.quick, draw=options.chart)


if __name__ == "__main__":
    main()
