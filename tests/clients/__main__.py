"""python -m tests.clients: run the clients' own test suites against a store of their own; needs Node."""

import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import django

HERE = Path(__file__).parent
SUITES = sorted(package.parent for package in HERE.glob("*/package.json"))


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backend.settings")
    django.setup()
    from backend.management.demo.store import Store  # it reads the settings

    with TemporaryDirectory(prefix="store-clients-") as directory, Store(Path(directory)) as store:
        store.migrate()
        store.seed()
        environment = {**os.environ, "STORE_URL": store.serve()}
        return sum(run(suite, environment) for suite in SUITES)


def run(suite: Path, environment: dict[str, str]) -> int:
    """1 if the suite fails."""
    for command in (["npm", "ci", "--silent", "--no-audit", "--no-fund"], ["npm", "test", "--silent"]):
        if subprocess.run(command, cwd=suite, env=environment, check=False).returncode:
            print(f"✗ {suite.name}", file=sys.stderr)  # noqa: T201  # a program's output
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
