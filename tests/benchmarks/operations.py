"""The operations of the benchmark: documents for the store and for plain Strawberry-Django, with their variables."""

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from tests.conftest import global_id
from tests.orders.conftest import ADDRESS

MONEY = "{ amount currency }"
PERSON = "{ id name slug }"
CARD = f"""
    id name slug description price {MONEY} finalPrice {MONEY} category {{ id name slug }} seller {PERSON}
    image {{ url thumbnail }}
"""
COMMENT = f"id body rating createdAt author {PERSON}"
CART = f"""
    totalQuantity total {MONEY}
    items {{ quantity total {MONEY} product {{ id name slug finalPrice {MONEY} image {{ thumbnail }} }} }}
"""
ORDER = f"""
    uuid status amount {MONEY} items {{ name quantity unitPrice {MONEY} total {MONEY} }}
    payment {{ status clientSecret }}
"""

LIST_DOCUMENT = f"""
query List($first: Int) {{
  products(first: $first) {{ totalCount nodes {{ {CARD} }} pageInfo {{ hasNextPage endCursor }} }}
}}
"""
SEARCH_DOCUMENT = f"""
query Search($term: String!, $first: Int) {{
  search(term: $term, first: $first) {{
    __typename
    ... on ProductConnection {{
      totalCount
      nodes {{ {CARD} }}
      facets {{
        categories {{ category {{ id name slug }} count }}
        minPrice {MONEY} maxPrice {MONEY} inStock onSale
      }}
    }}
  }}
}}
"""
PRODUCT_DOCUMENT = f"""
query Product($slug: String!) {{
  product(slug: $slug) {{
    {CARD} stock isAvailable rating {{ average count }}
    comments(first: 10) {{ nodes {{ {COMMENT} }} pageInfo {{ hasNextPage endCursor }} }}
  }}
}}
"""
ADD_TO_CART_DOCUMENT = f"""
mutation AddToCart($input: CartItemInput!) {{
  addToCart(input: $input) {{ __typename ... on Cart {{ {CART} }} ... on UserError {{ code message }} }}
}}
"""
CHECKOUT_DOCUMENT = f"""
mutation Checkout($input: CheckoutInput!) {{
  checkout(input: $input) {{ __typename ... on Order {{ {ORDER} }} ... on UserError {{ code message }} }}
}}
"""


@dataclass(frozen=True, kw_only=True)
class Operation:
    """An operation of the store and its references. `path` is the path of the hand-written view."""

    name: str
    document: str
    path: str
    plain_document: str | None = None

    def body(self, variables: dict[str, Any], *, plain: bool = False) -> dict[str, Any]:
        return {"query": self.plain_document if plain else self.document, "variables": variables}


def by_plain(document: str) -> str:
    """Translate a document to plain Strawberry-Django, where rows are below edges and errors have another type."""
    for rows in (CARD, COMMENT):
        document = document.replace(f"nodes {{ {rows} }}", f"edges {{ node {{ {rows} }} }}")
    return document.replace(
        "... on UserError { code message }", "... on OperationInfo { messages { message } }"
    )


LIST = Operation(
    name="list of 20", document=LIST_DOCUMENT, path="/list/", plain_document=by_plain(LIST_DOCUMENT)
)
SEARCH = Operation(name="search with facets", document=SEARCH_DOCUMENT, path="/search/")
PRODUCT = Operation(
    name="product with 10 comments",
    document=PRODUCT_DOCUMENT,
    path="/product/",
    plain_document=by_plain(PRODUCT_DOCUMENT),
)
ADD_TO_CART = Operation(
    name="add to cart",
    document=ADD_TO_CART_DOCUMENT,
    path="/add-to-cart/",
    plain_document=by_plain(ADD_TO_CART_DOCUMENT),
)
CHECKOUT = Operation(
    name="checkout",
    document=CHECKOUT_DOCUMENT,
    path="/checkout/",
    plain_document=by_plain(CHECKOUT_DOCUMENT),
)


def add_to_cart_variables(product_pk: int) -> dict[str, Any]:
    return {"input": {"productId": global_id("Product", product_pk), "quantity": 1}}


def checkout_variables() -> dict[str, Any]:
    return {"input": {"shipping": ADDRESS, "idempotencyKey": str(uuid4())}}
