"""Which delivery methods are offered for a parcel, and what they cost."""

from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from core.places import Destination
from pricing.delivery import Offer, Parcel, find_cost, find_offers
from pricing.models import DeliveryMethod, DeliveryRate

POST = DeliveryMethod(pk=1, name="Post")
COURIER = DeliveryMethod(pk=2, name="Courier")


def rate(price: str = "5", *, method: DeliveryMethod = POST, **fields: Any) -> DeliveryRate:
    amounts = {
        name: Decimal(value)
        for name, value in fields.items()
        if name in ("from_total", "to_total", "free_from")
    }
    return DeliveryRate(method=method, price=Decimal(price), **{**fields, **amounts})


def cost(
    *rates: DeliveryRate,
    country: str = "DE",
    zip_code: str = "",
    weight: int = 500,
    total: str = "20",
) -> Decimal | None:
    destination = Destination(country=country, zip_code=zip_code)
    return find_cost(rates, Parcel(weight=weight, total=Decimal(total)), destination)


class TestPlaces:
    def test_a_rate_without_countries_is_for_all(self) -> None:
        assert cost(rate()) == 5
        assert cost(rate(), country="JP") == 5

    def test_only_the_rate_s_countries(self) -> None:
        assert cost(rate(countries="AT, DE")) == 5
        assert cost(rate(countries="AT, DE"), country="FR") is None

    def test_a_named_country_decides_even_where_the_rest_of_the_world_is_cheaper(self) -> None:
        rates = rate("3"), rate("9", countries="DE")
        assert cost(*rates) == 9
        assert cost(*rates, country="FR") == 3

    def test_an_island_never_gets_its_country_s_rate(self) -> None:
        rates = (
            rate("5", countries="DE"),
            rate("15", countries="DE", zip_code_prefix="18565", to_weight=10_000),
        )
        assert cost(*rates, zip_code="18565") == 15
        assert cost(*rates, zip_code="18546") == 5
        assert cost(*rates, zip_code="18565", weight=12_000) is None

    def test_without_a_postal_code_the_country_answers(self) -> None:
        rates = rate("5", countries="DE"), rate("15", countries="DE", zip_code_prefix="18565")
        assert cost(*rates) == 5

    def test_a_postal_code_is_text(self) -> None:
        rates = rate(countries="DE", zip_code_prefix="0")
        assert cost(rates, zip_code="01067") == 5
        assert cost(rates, zip_code="10115") is None

    @pytest.mark.parametrize(
        ("prefix", "zip_code", "is_there"),
        [
            ("SE1", "SE1 7TW", True),
            ("SE1", "SE10 8EW", False),
            ("SE", "SE10 8EW", True),
            ("S", "SE10 8EW", False),
            ("EC1A", "EC1A 1BB", True),
            ("EC1", "EC1A 1BB", False),
            ("SE1 7", "SE1 7TW", True),
            ("SE1 7", "SE1 8TW", False),
        ],
    )
    def test_british_districts_are_compared_as_a_whole(
        self, prefix: str, zip_code: str, is_there: bool
    ) -> None:
        found = cost(rate(countries="GB", zip_code_prefix=prefix), country="GB", zip_code=zip_code)
        assert (found is not None) == is_there

    def test_separators_do_not_matter(self) -> None:
        assert cost(rate(countries="PT", zip_code_prefix="400012"), country="PT", zip_code="4000-123") == 5


class TestRanges:
    def test_both_ends_belong_to_a_range(self) -> None:
        bands = rate("5", to_weight=2_000), rate("9", from_weight=2_000, to_weight=10_000)
        assert [cost(*bands, weight=weight) for weight in (0, 1_999, 2_000, 2_001, 10_000, 10_001)] == [
            *(5, 5, 5, 9, 9),
            None,
        ]

    def test_a_range_of_totals(self) -> None:
        bands = rate("5", to_total="49.99"), rate("0", from_total="50")
        assert cost(*bands, total="49.99") == 5
        assert cost(*bands, total="50") == 0

    def test_free_up_to_10_kg_is_not_free_for_12(self) -> None:
        bands = (
            rate("5", to_weight=10_000, free_from="50"),
            rate("12", from_weight=10_001),
        )
        assert cost(*bands, total="80", weight=9_000) == 0
        assert cost(*bands, total="80", weight=12_000) == 12

    def test_a_weightless_cart_is_offered_a_method_without_limits(self) -> None:
        assert cost(rate(), weight=0, total="0") == 5

    def test_the_cheapest_of_those_that_fit(self) -> None:
        assert cost(rate("7"), rate("6"), rate("1", from_weight=1_000)) == 6


class TestOffers:
    def test_the_cheapest_first_then_the_staff_s_order(self) -> None:
        rates = [rate("5"), rate("9"), rate("5", method=COURIER)]
        parcel, destination = Parcel(weight=0, total=Decimal(1)), Destination(country="DE")
        assert find_offers(rates, parcel, destination) == [
            Offer(method=POST, cost=Decimal(5)),
            Offer(method=COURIER, cost=Decimal(5)),
        ]
        rates[-1].price = Decimal(4)
        assert [offer.method for offer in find_offers(rates, parcel, destination)] == [COURIER, POST]

    def test_a_method_that_does_not_fit_is_not_offered(self) -> None:
        rates = [rate("5", countries="FR"), rate("9", method=COURIER)]
        offers = find_offers(rates, Parcel(weight=0, total=Decimal(1)), Destination(country="DE"))
        assert [offer.method for offer in offers] == [COURIER]


@pytest.mark.django_db
class TestRows:
    @pytest.mark.parametrize(
        ("fields", "field"),
        [
            ({"price": Decimal(-1)}, "price"),
            ({"free_from": Decimal(-1)}, "free_from"),
            ({"countries": "DE, XX"}, "countries"),
            ({"countries": "Germany"}, "countries"),
            ({"from_weight": 2, "to_weight": 1}, "__all__"),
            ({"from_total": Decimal(2), "to_total": Decimal(1)}, "__all__"),
            ({"zip_code_prefix": "1"}, "__all__"),
            ({"zip_code_prefix": "1", "countries": "AT, DE"}, "__all__"),
        ],
    )
    def test_refused(self, fields: dict[str, Any], field: str) -> None:
        method = DeliveryMethod.objects.create(name="Post")
        row = DeliveryRate(**{"method": method, "price": Decimal(1), **fields})
        with pytest.raises(ValidationError) as refusal:
            row.full_clean()
        assert list(refusal.value.message_dict) == [field]
        if field != "countries":
            with pytest.raises(IntegrityError), transaction.atomic():
                row.save()
        assert not DeliveryRate.objects.exists()

    def test_countries_in_one_spelling(self) -> None:
        method = DeliveryMethod.objects.create(name="Post")
        row = DeliveryRate(method=method, price=Decimal(1), countries="de;at  DE")
        row.full_clean()
        assert row.countries == "AT, DE"

    def test_days_out_of_order(self) -> None:
        with pytest.raises(ValidationError, match="out of order"):
            DeliveryMethod(name="Post", min_days=3, max_days=2).full_clean()
