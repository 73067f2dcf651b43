"""python buy.py FOLDER DATABASE_URL MANAGE: buy with a release's code, on the schema of a newer manage.py.

It runs in the release's folder.
"""

import subprocess
import sys
from pathlib import Path

import django


def buy(folder: Path, database_url: str, newer: str) -> None:
    django.setup()
    # These are the release's.
    from demo.purchase.shopper import Shopper
    from demo.purchase.store import Store

    def upgrade(command: str) -> None:
        subprocess.run([sys.executable, newer, command], env=store.environment, check=True)

    with Store(folder) as store:
        store.environment["DATABASE_URL"] = database_url
        shopper = Shopper(store)
        try:
            store.migrate()
            store.seed()
            upgrade("migrate")
            for step in (
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
            ):
                step()
        except Exception as error:
            sys.exit(f"{error!r}\n{shopper.api.answer}\n{store.log_tail(60)}")
        upgrade("audit")


if __name__ == "__main__":
    sys.path.insert(0, ".")
    buy(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
