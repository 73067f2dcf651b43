"""An order that is put together before it is placed."""

from demo.purchase.shopper import ADDRESS
from tests.operations.examples.example import Example, second_found

DRAFTS = [
    Example(
        operation="createOrder",
        document="mutation { createOrder { __typename ... on Order { uuid status } ... on UserError { message } } }",
    ),
    Example(
        operation="addOrderItem",
        document="""
mutation AddOrderItem($input: OrderItemInput!) {
  addOrderItem(input: $input) {
    __typename
    ... on Order { status amount { amount } items { name quantity } }
    ... on UserError { code message }
  }
}
""",
        variables=lambda answers: {
            "input": {
                "orderUuid": answers["createOrder"]["uuid"],
                "productId": second_found(answers),
                "quantity": 1,
            }
        },
    ),
    Example(
        operation="placeOrder",
        document="""
mutation PlaceOrder($input: PlaceOrderInput!) {
  placeOrder(input: $input) {
    __typename
    ... on Order { status amount { amount } payment { status } }
    ... on UserError { code message }
    ... on ValidationError { fields { field message } }
  }
}
""",
        variables=lambda answers: {
            "input": {
                "orderUuid": answers["createOrder"]["uuid"],
                "shipping": {**ADDRESS, "zipCode": "9410"},
            }
        },
    ),
    Example(
        operation="removeOrderItem",
        document="""
mutation RemoveOrderItem($input: RemoveOrderItemInput!) {
  removeOrderItem(input: $input) {
    __typename
    ... on Order { amount { amount } items { name } }
    ... on UserError { code message }
  }
}
""",
        variables=lambda answers: {
            "input": {"orderUuid": answers["createOrder"]["uuid"], "productId": second_found(answers)}
        },
    ),
]
