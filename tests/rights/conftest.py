"""The shop whose rights are tested."""

from collections.abc import Iterator
from pathlib import Path
from shutil import copyfile

import pytest
from django.db import transaction
from django.test import override_settings
from pytest_django import DjangoDbBlocker, Settings

from tests.conftest import FAST_HASHERS
from tests.rights.shop import Shop


@pytest.fixture(scope="module")
def stripe_of_opened(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The fake Stripe's state after the shop was opened."""
    return tmp_path_factory.mktemp("rights") / "stripe.sqlite3"


@pytest.fixture(scope="module")
def opened(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, stripe_of_opened: Path
) -> Iterator[Shop]:
    """A shop for all tests of a module, each of which takes place in a savepoint of the shop's transaction."""
    atomic = transaction.atomic()
    atomic._from_testcase = True  # type: ignore[attr-defined]  # durable transactions may nest, as in TestCase
    with django_db_blocker.unblock(), atomic:
        with override_settings(STRIPE_FAKE_DB=stripe_of_opened, PASSWORD_HASHERS=FAST_HASHERS):
            shop = Shop()
        with django_db_blocker.block():
            yield shop
        transaction.set_rollback(True)


@pytest.fixture
def shop(opened: Shop, stripe_of_opened: Path, settings: Settings, db: None) -> Shop:
    copyfile(stripe_of_opened, settings.STRIPE_FAKE_DB)
    return opened.copy()


@pytest.fixture(autouse=True)
def _no_limits(settings: Settings) -> None:
    """Lift the limits, because reading everything would exceed them."""
    for name in ("SELECTIONS", "ALIASES", "DEPTH", "COST", "DOCUMENT_BYTES"):
        setattr(settings, f"STORE_MAX_{name}", 10**9)
