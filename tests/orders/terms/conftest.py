"""A cart with a destination, a way of delivery and a code, and what the API says of it."""

from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from catalog.models import Product
from pricing.models import DeliveryMethod, DeliveryRate, DiscountCode
from tests.conftest import GraphQLClient, global_id
from tests.factories import make_product
from tests.orders.conftest import ADDRESS, add_to_cart

FIELDS = """
    destination { country zipCode state }
    deliveryOptions { method { id name } cost { amount } } delivery { method { name } cost { amount } }
    discountCode { code amount { amount } applies message }
    subtotal { amount } discountTotal { amount } deliveryTotal { amount } taxTotal { amount } total { amount }
"""
ERRORS = """
    ... on UserError { code message } ... on ValidationError { fields { field } }
"""
READ = f"{{ cart {{ {FIELDS} }} }}"
SET_DELIVERY = f"""
    mutation($input: CartDeliveryInput!) {{ setCartDelivery(input: $input) {{
      __typename ... on Cart {{ {FIELDS} }} {ERRORS}
      ... on DeliveryUnavailable {{ deliveryOptions {{ method {{ name }} cost {{ amount }} }} }}
    }} }}
"""
APPLY = f"""
    mutation($code: String!) {{ applyDiscountCode(input: {{code: $code}}) {{
      __typename ... on Cart {{ {FIELDS} }} ... on UserError {{ code message }}
      ... on DiscountCodeRefused {{ reason }} ... on TooManyAttempts {{ retryAfterSeconds }}
    }} }}
"""
REMOVE = f"mutation {{ removeDiscountCode {{ __typename ... on Cart {{ {FIELDS} }} }} }}"
CHECKOUT = f"""
    mutation($input: CheckoutInput!) {{ checkout(input: $input) {{
      __typename {ERRORS}
      ... on Order {{
        uuid amount {{ amount }} subtotal {{ amount }} discountTotal {{ amount }} discountCode
        delivery {{ name cost {{ amount }} }} deliveryTotal {{ amount }} taxTotal {{ amount }}
        items {{ discount {{ amount }} tax {{ amount }} }} payment {{ clientSecret amount {{ amount }} }}
      }}
      ... on DeliveryUnavailable {{ deliveryOptions {{ method {{ name }} }} }}
      ... on DiscountCodeRefused {{ reason }}
      ... on TotalChanged {{ actual {{ amount }} }}
    }} }}
"""
IN_THE_US = {"country": "US", "zipCode": "94105", "state": "CA"}


def make_method(name: str = "Post", price: str = "5", **fields: Any) -> DeliveryMethod:
    method = DeliveryMethod.objects.create(name=name)
    DeliveryRate.objects.create(method=method, price=Decimal(price), **fields)
    return method


def make_code(code: str = "SPRING", **fields: Any) -> DiscountCode:
    gives = fields if {"amount", "percent", "free_delivery"} & fields.keys() else {"percent": 10, **fields}
    return DiscountCode.objects.create(code=code, **gives)


def set_delivery(api: GraphQLClient, method: DeliveryMethod | None = None, **place: Any) -> Any:
    chosen = {"methodId": global_id("DeliveryMethod", method.pk)} if method else {}
    return api.run(SET_DELIVERY, input={**(place or IN_THE_US), **chosen})["setCartDelivery"]


def apply_code(api: GraphQLClient, code: str = "SPRING") -> Any:
    return api.run(APPLY, code=code)["applyDiscountCode"]


def checkout(api: GraphQLClient, **input: Any) -> Any:
    input = {"shipping": ADDRESS, "idempotencyKey": str(uuid4()), **input}
    return api.run(CHECKOUT, input=input)["checkout"]


def read(api: GraphQLClient) -> Any:
    return api.run(READ)["cart"]


def amount(value: Any) -> str:
    text: str = value["amount"]
    return text


def names(options: Any) -> list[str]:
    return [option["method"]["name"] for option in options]


@pytest.fixture
def product() -> Product:
    return make_product(price=Decimal("20.00"))


@pytest.fixture
def shopper(api: GraphQLClient, product: Product) -> GraphQLClient:
    """A guest with one product of 20.00 in the cart."""
    add_to_cart(api, product)
    return api
