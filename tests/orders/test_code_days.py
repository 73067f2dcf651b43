"""The days of a discount code are those of the shop, wherever the server is."""

from datetime import date, datetime
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from pricing.models import DiscountCode
from tests.conftest import GraphQLClient
from tests.factories import make_product
from tests.orders.conftest import add_to_cart
from tests.orders.terms.conftest import apply_code, checkout, make_code

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("zone", "moment", "applies"),
    [
        ("Europe/Berlin", "2030-03-05T22:59:59+00:00", True),
        ("Europe/Berlin", "2030-03-05T23:00:00+00:00", False),
        ("America/New_York", "2030-03-06T04:59:59+00:00", True),
        ("America/New_York", "2030-03-06T05:00:00+00:00", False),
    ],
)
def test_one_that_expires_on_the_5th_ends_with_that_day(
    api: GraphQLClient,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    zone: str,
    moment: str,
    applies: bool,
) -> None:
    product = make_product()
    make_code(last_day=date(2030, 3, 5))
    settings.TIME_ZONE = zone
    monkeypatch.setattr(timezone, "now", lambda: datetime.fromisoformat(moment))
    add_to_cart(api, product)
    answer: Any = apply_code(api)
    if applies:
        assert answer["discountCode"]["applies"] is True
        assert checkout(api)["discountCode"] == "SPRING"
    else:
        assert (answer["__typename"], answer["reason"]) == ("DiscountCodeRefused", "EXPIRED")
        assert checkout(api)["discountCode"] is None
    assert DiscountCode.objects.get().uses == applies
