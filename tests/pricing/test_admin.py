"""The admin's pages of rates of tax."""

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from pricing.models import TaxRate
from tests.factories import default_tax_class, make_rate
from tests.staff import clerk

pytestmark = pytest.mark.django_db

RATES = reverse("admin:pricing_taxrate_changelist")
ADD = reverse("admin:pricing_taxrate_add")


def form(**fields: Any) -> dict[str, Any]:
    return {
        "tax_class": default_tax_class().pk,
        "level": "1",
        "country": "de",
        "region": "",
        "name": "VAT",
        "percent": "19",
        "valid_from": "2026-01-01",
        **fields,
    }


class TestRates:
    def test_are_added_and_listed(self, superuser: Client) -> None:
        superuser.post(ADD, form())
        rate = TaxRate.objects.get()
        assert (rate.country, rate.percent) == ("DE", Decimal(19))
        page = superuser.get(RATES).text
        assert reverse("admin:pricing_taxrate_change", args=[rate.pk]) in page
        assert "Standard" in page

    @pytest.mark.parametrize(
        "fields",
        [
            {"percent": "101"},
            {"percent": "-1"},
            {"country": "XX"},
            {"country": "US", "region": "Bavaria"},
            {"level": "0"},
        ],
    )
    def test_that_are_wrong_are_refused(self, superuser: Client, fields: dict[str, str]) -> None:
        page = superuser.post(ADD, form(**fields))
        assert page.status_code == 200
        assert not TaxRate.objects.exists()

    def test_that_overlap_are_refused(self, superuser: Client) -> None:
        superuser.post(ADD, form())
        assert "already a rate" in superuser.post(ADD, form(name="Another")).text
        superuser.post(ADD, form(level="2", name="Another"))
        assert TaxRate.objects.count() == 2

    def test_are_filtered_and_found(self, superuser: Client) -> None:
        make_rate("DE", "19")
        make_rate("AT", "20", name="USt")
        assert "USt" not in superuser.get(RATES, {"country": "DE"}).text
        assert "USt" in superuser.get(RATES, {"q": "ust"}).text

    def test_are_for_those_with_the_right(self) -> None:
        assert clerk().get(RATES).status_code == 403
        assert clerk("view_taxrate").get(RATES).status_code == 200
        assert clerk("view_taxrate").post(ADD, form()).status_code == 403
        assert not TaxRate.objects.exists()
