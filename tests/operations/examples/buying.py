"""A purchase, from the cart to a return."""

from uuid import UUID

from demo.purchase.shopper import ADDRESS
from orders.links import token_of
from tests.operations.examples.example import Example, first_found

PURCHASE = [
    Example(
        operation="addToCart",
        document="""
mutation AddToCart($id: ID!) {
  addToCart(input: {productId: $id, quantity: 2}) {
    __typename
    ... on Cart { id totalQuantity total { amount currency } items { quantity product { name } } }
    ... on UserError { code message }
    ... on InsufficientStock { available }
  }
}
""",
        variables=lambda answers: {"id": first_found(answers)},
    ),
    Example(
        operation="updateCartItem",
        document="""
mutation UpdateCartItem($id: ID!) {
  updateCartItem(input: {productId: $id, quantity: 1}) {
    __typename
    ... on Cart { totalQuantity total { amount } }
    ... on UserError { code message }
  }
}
""",
        variables=lambda answers: {"id": first_found(answers)},
    ),
    Example(
        operation="cart",
        document="""
{
  cart {
    totalQuantity
    subtotal { amount }
    discountTotal { amount }
    deliveryTotal { amount }
    taxTotal { amount }
    taxes { name rate base { amount } amount { amount } }
    total { amount currency }
    items { id quantity unitPrice { amount } total { amount } product { name } }
    changes { __typename ... on PriceChanged { before { amount } now { amount } } }
  }
}
""",
    ),
    Example(
        operation="setCartDelivery",
        document="""
mutation SetCartDelivery($input: CartDeliveryInput!) {
  setCartDelivery(input: $input) {
    __typename
    ... on Cart {
      destination { country zipCode state }
      deliveryOptions { method { id name minDays maxDays } cost { amount } }
      delivery { method { name } cost { amount } }
      deliveryTotal { amount }
      total { amount }
    }
    ... on UserError { code message }
    ... on ValidationError { fields { field message } }
    ... on DeliveryUnavailable { deliveryOptions { method { id name } cost { amount } } }
  }
}
""",
        variables=lambda _: {"input": {"country": "US", "zipCode": "94105", "state": "CA"}},
    ),
    Example(
        operation="applyDiscountCode",
        document="""
mutation ApplyDiscountCode($code: String!) {
  applyDiscountCode(input: {code: $code}) {
    __typename
    ... on Cart { discountCode { code amount { amount } applies message } total { amount } }
    ... on UserError { code message }
    ... on DiscountCodeRefused { reason }
    ... on TooManyAttempts { retryAfterSeconds }
  }
}
""",
        variables=lambda _: {"code": "welcome"},
    ),
    Example(
        operation="removeDiscountCode",
        document="""
mutation {
  removeDiscountCode {
    __typename
    ... on Cart { discountCode { code } total { amount } }
    ... on UserError { code message }
  }
}
""",
    ),
    Example(
        operation="checkout",
        document="""
mutation Checkout($input: CheckoutInput!) {
  checkout(input: $input) {
    __typename
    ... on Order {
      uuid
      status
      amount { amount currency }
      expiresAt
      items { id name quantity unitPrice { amount } }
      payment { status clientSecret }
    }
    ... on UserError { code message }
    ... on ValidationError { fields { field message } }
    ... on InsufficientStock { available product { name } }
    ... on TotalChanged { expected { amount } actual { amount } }
  }
}
""",
        variables=lambda answers: {
            "input": {
                "idempotencyKey": "6b0d6a0e-2f0f-4c64-9d43-3f3b8f6f6c11",
                "expectedTotal": answers["cart"]["total"]["amount"],
                "shipping": ADDRESS,
            }
        },
    ),
    Example(
        operation="order",
        document="""
query Order($uuid: UUID!) {
  order(uuid: $uuid) {
    id
    status
    subtotal { amount }
    discountTotal { amount }
    deliveryTotal { amount }
    taxTotal { amount }
    taxes { name rate base { amount } amount { amount } }
    amount { amount }
    pricesIncludeTax
    shipping { firstName city country }
    paidAt
  }
}
""",
        variables=lambda answers: {"uuid": answers["checkout"]["uuid"]},
    ),
    Example(
        operation="orderByToken",
        document="""
query OrderByToken($token: String!) {
  orderByToken(token: $token) {
    number
    status
  }
}
""",
        variables=lambda answers: {"token": token_of(UUID(answers["checkout"]["uuid"]))},
    ),
    Example(
        operation="node",
        document="""
query Node($id: ID!) {
  node(id: $id) {
    __typename
    ... on Order { uuid status }
  }
}
""",
        variables=lambda answers: {"id": answers["order"]["id"]},
    ),
    Example(
        operation="retryPayment",
        document="""
mutation RetryPayment($uuid: UUID!) {
  retryPayment(input: {uuid: $uuid}) {
    __typename
    ... on Order { payment { status clientSecret } }
    ... on UserError { code message }
  }
}
""",
        variables=lambda answers: {"uuid": answers["checkout"]["uuid"]},
    ),
    Example(
        operation="refreshPayment",
        document="""
mutation RefreshPayment($uuid: UUID!) {
  refreshPayment(input: {uuid: $uuid}) {
    __typename
    ... on Order { status payment { status failure } }
    ... on UserError { code message }
  }
}
""",
        variables=lambda answers: {"uuid": answers["checkout"]["uuid"]},
    ),
    Example(
        operation="cancelOrder",
        document="""
mutation CancelOrder($uuid: UUID!) {
  cancelOrder(input: {uuid: $uuid}) {
    __typename
    ... on Order { id status cancelledAt payment { id status } items { id product { id stock isAvailable } } }
    ... on OrderNotCancellable { order { id status } }
    ... on UserError { code message }
  }
}
""",
        variables=lambda answers: {"uuid": answers["checkout"]["uuid"]},
    ),
    Example(
        operation="requestReturn",
        document="""
mutation RequestReturn($uuid: UUID!, $item: ID!) {
  requestReturn(input: {orderUuid: $uuid, items: [{orderItemId: $item, quantity: 1}]}) {
    __typename
    ... on Order { id returns { id status createdAt items { quantity item { id name } } } }
    ... on UserError { code message }
    ... on ValidationError { fields { field message } }
  }
}
""",
        variables=lambda answers: {
            "uuid": answers["checkout"]["uuid"],
            "item": answers["checkout"]["items"][0]["id"],
        },
    ),
    Example(
        operation="requestOrderLink",
        document="""
mutation RequestOrderLink($number: String!, $email: String!) {
  requestOrderLink(input: {number: $number, email: $email}) {
    __typename
    ... on UserError { code message }
    ... on ValidationError { fields { field message } }
    ... on TooManyAttempts { retryAfterSeconds }
  }
}
""",
        variables=lambda answers: {"number": answers["orderByToken"]["number"], "email": ADDRESS["email"]},
    ),
    Example(
        operation="removeFromCart",
        document="""
mutation RemoveFromCart($id: ID!) {
  removeFromCart(input: {productId: $id}) {
    __typename
    ... on Cart { totalQuantity }
    ... on UserError { code message }
  }
}
""",
        variables=lambda answers: {
            "id": first_found(answers)
        },  # already sold, so it is not found, which shows an error
    ),
    Example(
        operation="clearCart",
        document="mutation { clearCart { __typename ... on Cart { totalQuantity } } }",
    ),
]
