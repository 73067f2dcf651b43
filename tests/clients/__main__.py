"""python -m tests.clients: run the clients' own test suites against a store of their own.

Needs Node; the suites in a browser also need Chromium, which CHROMIUM names where it is not on the PATH.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import django

HERE = Path(__file__).parent
SHOP = HERE.parents[1] / "storefront"
SUITES = sorted(package.parent for package in HERE.glob("*/package.json"))
SECRET = "a-secret-of-the-rendering-server-alone"
IN_A_BROWSER = ("browser", "storefront")


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backend.settings")
    django.setup()
    from demo.purchase.store import Store, free_port  # it reads the settings

    with TemporaryDirectory(prefix="store-clients-") as directory, Store(Path(directory)) as store:
        front_end = f"http://localhost:{free_port()}"
        store.environment |= {
            "ALLOWED_HOSTS": "localhost,127.0.0.1",
            "STORE_FRONTEND_URL": front_end,
            "STORE_MAILS_PER_HOUR": "1000",  # all guests of the tests have one address
            "STORE_ORIGINS": front_end,
            "STORE_RENDERER_SECRET": SECRET,
        }
        store.migrate()
        store.seed("--plain")
        store.serve()
        environment = {
            **os.environ,
            "STORE_URL": f"http://localhost:{store.port}",  # the same site as the front end
            "STORE_LOG": str(store.log),  # has the mails
            "FRONT_END_URL": front_end,
            "STORE_RENDERER_SECRET": SECRET,
            "CHROMIUM": chromium(),
        }
        failed = sum(run(suite, environment) for suite in SUITES)
        store.wait_for("shell", "--no-imports", "--command", (HERE / "prices.py").read_text("utf-8"))
        return failed + run(SHOP, environment)


def chromium() -> str:
    """Return Chromium's path; empty if it is not installed."""
    named = os.environ.get("CHROMIUM")
    found = (shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome"))
    return named or next(filter(None, found), "")


def run(suite: Path, environment: dict[str, str]) -> int:
    """Run the suite. Return 1 if it fails, or if it cannot run in CI."""
    if suite.name in IN_A_BROWSER and not environment["CHROMIUM"]:
        say(
            "NOT TESTED IN A BROWSER: THERE IS NO CHROMIUM. INSTALL IT, FOR EXAMPLE BY apt-get install chromium."
        )
        return int("CI" in environment)
    for command in (["npm", "ci", "--silent", "--no-audit", "--no-fund"], ["npm", "test", "--silent"]):
        if subprocess.run(command, cwd=suite, env=environment, check=False).returncode:
            say(f"✗ {suite.name}")
            return 1
    return 0


def say(line: str) -> None:
    print(line, file=sys.stderr)  # noqa: T201  # a program's output


if __name__ == "__main__":
    sys.exit(main())
