"""What the tests of the cart ask."""

from decimal import Decimal
from typing import Any

from accounts.models import User
from catalog.models import Product
from tests import factories
from tests.conftest import GraphQLClient, global_id
from tests.factories import PASSWORD, make_category, make_product, make_user, set_stock

CART_FIELDS = """
    id totalQuantity subtotal { amount } discountTotal { amount } total { amount currency minorUnits }
    items { id quantity unitPrice { amount } total { amount } product { id name category { name } } }
    changes {
      __typename
      ... on PriceChanged { item { product { name } } before { amount } now { amount } }
      ... on StockReduced { item { quantity product { name } } available }
      ... on ProductRemoved { productId name }
    }
"""
CART = f"{{ cart {{ {CART_FIELDS} }} }}"
RESULT = f"""
    __typename
    ... on Cart {{ {CART_FIELDS} }}
    ... on UserError {{ code message }}
    ... on ValidationError {{ fields {{ field }} }}
    ... on InsufficientStock {{ requested available product {{ id }} }}
    ... on ProductUnavailable {{ productId name }}
"""
UPDATE_CART_ITEM = (
    f"mutation($input: UpdateCartItemInput!) {{ updateCartItem(input: $input) {{ {RESULT} }} }}"
)
REMOVE_FROM_CART = (
    f"mutation($input: RemoveFromCartInput!) {{ removeFromCart(input: $input) {{ {RESULT} }} }}"
)
CLEAR_CART = f"mutation {{ clearCart {{ {RESULT} }} }}"
NODE = "query($id: ID!) { node(id: $id) { __typename id ... on Cart { totalQuantity } } }"
LOGIN = """
    mutation($email: String!, $password: String!) {
      login(input: {email: $email, password: $password}) { __typename }
    }
"""
REGISTER = """
    mutation($email: String!, $password: String!) {
      register(input: {email: $email, password: $password}) { __typename }
    }
"""
ADD_BY_ID = """
    mutation($id: ID!) { addToCart(input: {productId: $id}) { __typename ... on UserError { code } } }
"""


def cart_of(api: GraphQLClient) -> Any:
    return api.run(CART)["cart"]


def quantities(api: GraphQLClient) -> dict[str, int]:
    return {item["product"]["name"]: item["quantity"] for item in cart_of(api)["items"]}


def update(api: GraphQLClient, product: Product, quantity: int) -> Any:
    input = {"productId": global_id("Product", product.pk), "quantity": quantity}
    return api.run(UPDATE_CART_ITEM, input=input)["updateCartItem"]


def remove(api: GraphQLClient, product_pk: int) -> Any:
    return api.run(REMOVE_FROM_CART, input={"productId": global_id("Product", product_pk)})["removeFromCart"]


def login(api: GraphQLClient, user: User) -> None:
    assert api.run(LOGIN, email=user.email, password=PASSWORD)["login"]["__typename"] == "User"


def reprice(product: Product, price: str) -> None:
    factories.reprice(product, price=Decimal(price))


def restock(product: Product, stock: int) -> None:
    set_stock(product, stock)


def make_products(count: int) -> list[Product]:
    category, seller = make_category(), make_user()
    return [make_product(category=category, user=seller) for _ in range(count)]


def wrong_fields(answer: Any) -> list[str]:
    assert (answer["__typename"], answer["code"]) == ("ValidationError", "INVALID")
    return [error["field"] for error in answer["fields"]]
