"""A stranger's script over HTTP: it quotes, checks out, pays, and compares cart, order, payment and mail."""

from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings as configured
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from core.money import format_money
from demo.purchase.shopper import GraphQLClient
from orders.audit import differences_here
from orders.payments.gateway import fake
from tests.conftest import global_id
from tests.factories import make_product, make_rate
from tests.orders.conftest import ADDRESS
from tests.orders.terms.conftest import make_code, make_method
from tests.tasks import outbox

PARTS = """
    subtotal { amount } discountTotal { amount } deliveryTotal { amount } taxTotal { amount }
    taxes { name rate base { amount } amount { amount } }
"""
CART = f"""
    __typename ... on UserError {{ message }}
    ... on Cart {{
      items {{ quantity unitPrice {{ amount }} total {{ amount }} }} discountCode {{ code amount {{ amount }} }}
      delivery {{ method {{ name }} cost {{ amount }} }} total {{ amount minorUnits }} {PARTS}
    }}
"""
ADD = f"mutation($input: CartItemInput!) {{ addToCart(input: $input) {{ {CART} }} }}"
DELIVER = f"mutation($input: CartDeliveryInput!) {{ setCartDelivery(input: $input) {{ {CART} }} }}"
APPLY = f"mutation($input: DiscountCodeInput!) {{ applyDiscountCode(input: $input) {{ {CART} }} }}"
ORDER = f"""
    uuid number status items {{ quantity unitPrice {{ amount }} total {{ amount }} }} discountCode
    delivery {{ name cost {{ amount }} }} amount {{ amount }} {PARTS}
    payment {{ status clientSecret amount {{ amount minorUnits }} }}
"""
CHECKOUT = f"""
    mutation($input: CheckoutInput!) {{
      checkout(input: $input) {{ __typename ... on UserError {{ message }} ... on Order {{ {ORDER} }} }}
    }}
"""
READ = f"query($uuid: UUID!) {{ order(uuid: $uuid) {{ {ORDER} }} }}"
COMPARED = ("items", "subtotal", "discountTotal", "deliveryTotal", "taxTotal", "taxes")


def number(amount: dict[str, str]) -> Decimal:
    return Decimal(amount["amount"])


def cents(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal("0.01"), ROUND_HALF_UP)


@pytest.mark.slow
@pytest.mark.parametrize("included", [False, True])
def test_a_stranger_adds_up_to_the_same(live_server: LiveServer, settings: Settings, included: bool) -> None:
    settings.STORE_PRICES_INCLUDE_TAX = included
    settings.STORE_ORIGINS = [live_server.url]
    make_rate("US", "8.625")
    make_method("Post", "4.90")
    make_code("SPRING", percent=Decimal("12.5"))
    things = [make_product(price=Decimal(price)) for price in ("19.99", "0.35", "7.77")]
    api = GraphQLClient(live_server.url)
    for quantity, thing in enumerate(things, start=1):
        item = {"productId": global_id("Product", thing.pk), "quantity": quantity}
        api.run(ADD, answers="Cart", input=item)
    place = {name: ADDRESS[name] for name in ("country", "zipCode", "state")}
    api.run(DELIVER, answers="Cart", input=place)
    cart = api.run(APPLY, answers="Cart", input={"code": " spring"})

    goods = Decimal("19.99") + 2 * Decimal("0.35") + 3 * Decimal("7.77")
    discount = cents(goods * Decimal("0.125"))
    net = goods - discount + Decimal("4.90")
    tax = cents(net * Decimal("8.625") / (Decimal("108.625") if included else 100))
    assert [number(cart[part]) for part in COMPARED[1:5]] == [goods, discount, Decimal("4.90"), tax]
    assert number(cart["total"]) == (net if included else net + tax)
    assert sum(number(item["total"]) for item in cart["items"]) == goods

    input = {"shipping": ADDRESS, "idempotencyKey": str(uuid4()), "expectedTotal": cart["total"]["amount"]}
    order: Any = api.run(CHECKOUT, answers="Order", input=input)
    assert [order[part] for part in COMPARED] == [cart[part] for part in COMPARED]
    assert order["amount"]["amount"] == order["payment"]["amount"]["amount"] == cart["total"]["amount"]
    assert order["discountCode"] == cart["discountCode"]["code"]
    assert (order["delivery"]["name"], order["delivery"]["cost"]) == ("Post", cart["delivery"]["cost"])

    stripe = fake()
    stripe.confirm(order["payment"]["clientSecret"].partition("_secret_")[0])
    intent = stripe.events()[-1]["data"]["object"]
    assert (intent["amount"], intent["currency"]) == (cart["total"]["minorUnits"], "usd")
    assert order["number"] in intent["description"]
    secret = configured.STRIPE_WEBHOOK_SECRETS[0]
    assert all(sent.taken for sent in stripe.deliver(url=f"{live_server.url}/stripe/webhook/", secret=secret))
    paid = api.run(READ, uuid=order["uuid"])
    assert (paid["status"], paid["payment"]["status"]) == ("SHIPPED", "SUCCEEDED")
    assert [paid[part] for part in COMPARED] == [cart[part] for part in COMPARED]

    [mail] = [mail for mail in outbox if "Total" in str(mail.body)]
    assert order["number"] in str(mail.body)
    for part in ("subtotal", "discountTotal", "deliveryTotal", "taxTotal", "total"):
        assert format_money(number(cart[part]), "USD") in str(mail.body), part
    assert list(differences_here()) == []
