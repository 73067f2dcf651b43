"""manage.py drill, with real dumps and copies."""

import shutil
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from backend.management.commands import drill
from catalog.models import Product
from tests.factories import make_product

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        connection.vendor == "postgresql" and not shutil.which("pg_dump"),
        reason="NO BACKUP WAS TRIED: INSTALL pg_dump.",
    ),
]


def databases() -> set[str]:
    if connection.vendor == "sqlite":
        return set()
    with connection.cursor() as cursor:
        cursor.execute("SELECT datname FROM pg_database WHERE datname LIKE '%%drill%%'")
        return {name for (name,) in cursor.fetchall()}


def test_a_copy_has_every_row_and_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    make_product()
    audited: list[str] = []
    monkeypatch.setattr(drill, "audit", audited.append)
    output = StringIO()
    call_command("drill", stdout=output)
    assert "tables with" in output.getvalue()
    assert len(audited) == 1
    assert Product.objects.count() == 1
    assert databases() == set()


@pytest.mark.slow
def test_books_that_do_not_agree_fail_it(capfd: pytest.CaptureFixture[str]) -> None:
    product = make_product(stock=3)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE catalog_productvariant SET stock = 7 WHERE product_id = %s", [product.pk])
    with pytest.raises(CommandError, match="does not pass the audit") as failed:
        call_command("drill", stdout=StringIO())
    assert "stock" in str(failed.value)
    assert databases() == set()


def test_a_table_that_is_not_whole_fails_it(monkeypatch: pytest.MonkeyPatch) -> None:
    counted = drill.count_rows
    monkeypatch.setattr(drill, "count_rows", lambda: {**counted(), "catalog_product": 99})
    output = StringIO()
    with pytest.raises(CommandError, match="1 tables of the copy differ"):
        call_command("drill", stdout=output)
    assert "catalog_product: 99 rows, 0 in the copy" in output.getvalue()
