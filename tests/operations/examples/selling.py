"""A product of a seller, in the seller's browser."""

from demo.demonstration import PASSWORD, SELLER
from tests.operations.examples.example import EMAIL, SELLING, Example

SALE = [
    Example(
        operation="login",
        browser=SELLING,
        document="mutation Login($input: LoginInput!) { login(input: $input) { __typename } }",
        variables=lambda answers: {"input": {"email": SELLER, "password": PASSWORD}},
    ),
    Example(
        operation="createProduct",
        browser=SELLING,
        document="""
mutation CreateProduct($input: CreateProductInput!) {
  createProduct(input: $input) {
    __typename
    ... on Product { id slug finalPrice { amount } image { url } variants { id isAvailable } }
    ... on UserError { code message }
    ... on ValidationError { fields { field message } }
  }
}
""",
        variables=lambda answers: {
            "input": {
                "category": answers["categories"][0]["slug"],
                "name": "Paper Moon",
                "description": "It is only a paper moon.",
                "price": "19.99",
                "discount": "25",
                "stock": 0,
                "image": None,
            }
        },
    ),
    Example(
        operation="subscribeToStock",
        document="""
mutation SubscribeToStock($input: StockNoticeInput!) {
  subscribeToStock(input: $input) {
    __typename
    ... on UserError { code message }
    ... on ValidationError { fields { field message } }
    ... on TooManyAttempts { retryAfterSeconds }
  }
}
""",
        variables=lambda answers: {
            "input": {"variantId": answers["createProduct"]["variants"][0]["id"], "email": EMAIL}
        },
    ),
    Example(
        operation="updateProduct",
        browser=SELLING,
        document="""
mutation UpdateProduct($input: UpdateProductInput!) {
  updateProduct(input: $input) {
    __typename
    ... on Product { name stock finalPrice { amount } attributes { name values } }
    ... on UserError { code message }
    ... on ValidationError { fields { field message } }
  }
}
""",
        variables=lambda answers: {
            "input": {
                "id": answers["createProduct"]["id"],
                "attributes": [{"name": "Brand", "values": ["Moonlight"]}],
                "options": ["Size"],
                "variants": [
                    {"optionValues": ["Small"], "price": "19.99", "stock": 3, "sku": "MOON-S"},
                    {"optionValues": ["Large"], "price": "29.999", "stock": 2},
                ],
            }
        },
    ),
    Example(
        operation="unpublishedProducts",
        browser=SELLING,
        document="""
{ unpublishedProducts(first: 2) { totalCount nodes { name isPublished } pageInfo { hasNextPage endCursor } } }
""",
    ),
    Example(
        operation="deleteProduct",
        browser=SELLING,
        document="""
mutation DeleteProduct($id: ID!) {
  deleteProduct(input: {id: $id}) {
    __typename
    ... on Deleted { id }
    ... on UserError { code message }
  }
}
""",
        variables=lambda answers: {"id": answers["createProduct"]["id"]},
    ),
]
