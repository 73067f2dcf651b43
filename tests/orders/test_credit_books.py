"""Real orders in four currencies, refunded in random parts until nothing is left: credit notes and invoice add up."""

from collections import defaultdict
from contextlib import suppress
from decimal import Decimal
from random import Random

import pytest
from django.utils import timezone
from pytest_django import Settings

from catalog.models import TaxClass
from core.errors import ValidationError
from core.money import from_units, nearest_units, smallest_unit
from orders.audit import differences
from orders.documents.content import Content
from orders.models import Document, Order, Payment
from orders.refunding import refund, refund_items
from pricing.models import DeliveryMethod, DeliveryRate, DiscountCode
from tests.benchmarks.sums import CURRENCIES
from tests.conftest import GraphQLClient
from tests.factories import make_product, make_rate
from tests.orders.conftest import Bank, add_to_cart, checkout

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


def buy(api: GraphQLClient, bank: Bank, random: Random, *, currency: str) -> Order:
    """Buy odd quantities at odd prices under three rates, of which two are added to each other, and one is 0.1 %."""
    reduced = TaxClass.objects.create(name="Reduced")
    make_rate("US", "8.625")
    make_rate("US", "0.1", name="City", region="CA", level=2)
    make_rate("US", "7", tax_class=reduced)
    for tax_class in (None, None, reduced):
        price = from_units(random.randint(101, 9_999), currency)
        product = make_product(price=price, stock=1_000, tax_class=tax_class)
        add_to_cart(api, product, random.choice([1, 3, 7, 13]))
    post = DeliveryMethod.objects.create(name="Post")  # taxed as the goods that it brings
    DeliveryRate.objects.create(method=post, price=from_units(random.randint(101, 999), currency))
    percent = Decimal(random.randint(1, 5_000)) / 100
    DiscountCode.objects.create(code="ODD", percent=percent)
    api.run('mutation { applyDiscountCode(input: {code: "ODD"}) { __typename } }')
    answer = checkout(api)
    assert answer["__typename"] == "Order", answer
    bank.pay(answer["uuid"])
    return Order.objects.get(pk=answer["uuid"])


def refund_something(order: Order, random: Random, *, left: Decimal) -> None:
    now = timezone.now()
    if random.random() < 0.5:
        units = nearest_units(left, order.currency)
        amount = from_units(random.randint(1, units), order.currency)
        refund(order_uuid=order.pk, amount=amount, now=now)
        return
    quantities = {item.pk: random.randint(0, item.quantity - item.refunded) for item in order.items.all()}
    with suppress(ValidationError):  # nothing was drawn, or an amount has taken what it would cost
        refund_items(order_uuid=order.pk, quantities=quantities, with_delivery=random.random() < 0.4, now=now)


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("included", [True, False])
@pytest.mark.parametrize("currency", CURRENCIES)
def test_whatever_is_refunded(
    currency: str, included: bool, seed: int, api: GraphQLClient, bank: Bank, settings: Settings
) -> None:
    settings.STORE_CURRENCY, settings.STORE_PRICES_INCLUDE_TAX = currency, included
    random = Random(f"{currency}/{included}/{seed}")
    order = buy(api, bank, random, currency=currency)
    for _ in range(8):
        if left := order.amount - Payment.objects.get().refunded:
            refund_something(order, random, left=left)
    if left := order.amount - Payment.objects.get().refunded:
        refund(order_uuid=order.pk, amount=left, now=timezone.now())
    order.refresh_from_db()
    assert order.status == "refunded"
    invoice, *notes = Document.objects.all()
    assert sum((note.total for note in notes), Decimal(0)) == -invoice.total
    assert all(note.total % smallest_unit(currency) == 0 for note in notes)
    sums: dict[tuple[int | None, str], int] = defaultdict(int)
    for document in (invoice, *notes):
        for line in Content.of(document.content).lines:
            sums[line.item, "net"] += line.net
            for tax in line.taxes:
                sums[line.item, f"{tax.name} base"] += tax.base
                sums[line.item, f"{tax.name} tax"] += tax.amount
    assert len(notes) >= 1
    assert {key: units for key, units in sums.items() if units} == {}
    assert list(differences(now=timezone.now())) == []
