"""An example of every operation, in an order in which a fresh demonstration shop can answer them all."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from demo.demonstration import PASSWORD, SELLER
from demo.purchase.shopper import ADDRESS
from orders.links import token_of

# The answers to earlier operations by name, and the token of the last mail as `mail`.
Answers = dict[str, Any]
HOME = {
    "firstName": "Nora",
    "phone": "030 123456",
    "address": "Hauptstraße",
    "buildingNumber": "12",
    "city": "Berlin",
    "zipCode": "D-10115",
    "country": "DE",
}
SHOPPING, SELLING = "shopping", "selling"
EMAIL, OLD, NEW = "nora@example.com", "a long password of hers", "an entirely new password"


@dataclass(frozen=True, kw_only=True)
class Example:
    operation: str
    document: str
    variables: Callable[[Answers], dict[str, Any]] = lambda answers: {}
    browser: str = SHOPPING


def first_found(answers: Answers) -> str:
    """Return the id of the first product in the answer to `products`."""
    return str(answers["products"]["nodes"][0]["id"])


def second_found(answers: Answers) -> str:
    return str(answers["products"]["nodes"][1]["id"])


EXAMPLES = [
    Example(
        operation="shop",
        document="{ shop { name currency pricesIncludeTax guestCheckout stripePublishableKey } }",
    ),
    Example(
        operation="addressRules",
        document="""
query AddressRules($country: String!) {
  addressRules(country: $country) {
    country { name }
    required
    used
    zipCodePattern
    zipCodeExample
  }
}
""",
        variables=lambda answers: {"country": "DE"},
    ),
    Example(
        operation="categories",
        document="{ categories { name slug productCount parent { slug } } }",
    ),
    Example(
        operation="products",
        document="""
query Products($filter: ProductFilter, $after: String) {
  products(filter: $filter, sort: PRICE_ASC, first: 2, after: $after) {
    totalCount
    nodes { id name slug stock finalPrice { amount currency } seller { name } }
    pageInfo { hasNextPage endCursor }
  }
}
""",
        variables=lambda answers: {"filter": {"inStock": True, "onSale": True}, "after": None},
    ),
    Example(
        operation="category",
        document="""
query Category($slug: String!) {
  category(slug: $slug) {
    name
    productCount
    seo { title description }
    ancestors { name slug }
    children { name slug productCount }
    products(first: 2, sort: NAME_ASC) { nodes { name } }
  }
}
""",
        variables=lambda answers: {"slug": answers["categories"][0]["slug"]},
    ),
    Example(
        operation="product",
        document="""
query Product($slug: String!) {
  product(slug: $slug) {
    name
    discount
    price { amount currency }
    finalPrice { amount currency minorUnits }
    isAvailable
    options { name values }
    variants { id sku title selectedOptions { name value } finalPrice { amount } stock }
    priceRange { min { amount } max { amount } }
    lowestPriorPrice { amount }
    attributes { name slug values }
    image { url width height thumbnail(size: SMALL) }
    rating { average count histogram }
    comments(first: 1) { nodes { author { name } rating verifiedPurchase } }
    related(first: 2) { name }
  }
}
""",
        variables=lambda answers: {"slug": answers["products"]["nodes"][0]["slug"]},
    ),
    Example(
        operation="profile",
        document="query Profile($slug: String!) { profile(slug: $slug) { name joinedAt avatar { url } } }",
        variables=lambda answers: {"slug": "sam-shopper"},
    ),
    Example(
        operation="search",
        document="""
query Search($term: String!) {
  search(term: $term, first: 2) {
    __typename
    ... on ProductConnection {
      totalCount
      correctedTerm
      nodes { name }
      facets {
        inStock onSale minPrice { amount } maxPrice { amount }
        categories { count category { name } }
        attributes { name slug values { value count } }
        options { name values { value count } }
      }
    }
    ... on NoProductMatches { message suggestions }
  }
}
""",
        variables=lambda answers: {"term": "lamp"},
    ),
    Example(
        operation="countSearch",
        document="""
mutation CountSearch($input: CountSearchInput!) {
  countSearch(input: $input) {
    __typename
    ... on ValidationError { fields { field message } }
    ... on TooManyAttempts { retryAfterSeconds }
  }
}
""",
        variables=lambda answers: {"input": {"term": "lamp", "outcome": "FOUND"}},
    ),
    Example(
        operation="searchSuggestions",
        document="query Suggest($prefix: String!) { searchSuggestions(prefix: $prefix, first: 3) }",
        variables=lambda answers: {"prefix": "la"},
    ),
    Example(
        operation="sitemap",
        document="""
query Sitemap($after: String) {
  sitemap(first: 2, after: $after) {
    nodes { slug updatedAt }
    pageInfo { hasNextPage endCursor }
  }
}
""",
    ),
    Example(
        operation="register",
        document="""
mutation Register($input: RegisterInput!) {
  register(input: $input) {
    __typename
    ... on User { id email emailVerified profile { name slug } }
    ... on UserError { code message }
    ... on ValidationError { fields { field message } }
  }
}
""",
        variables=lambda answers: {"input": {"email": EMAIL, "password": OLD, "firstName": "Nora"}},
    ),
    Example(
        operation="resendVerification",
        document="""
mutation ResendVerification {
  resendVerification {
    __typename
    ... on TooManyAttempts { message retryAfterSeconds }
  }
}
""",
    ),
    Example(
        operation="verifyEmail",
        document="""
mutation VerifyEmail($token: String!) {
  verifyEmail(input: {token: $token}) {
    __typename
    ... on UserError { code message }
  }
}
""",
        variables=lambda answers: {"token": answers["mail"]},
    ),
    Example(
        operation="me", document="{ me { email emailVerified firstName orders(first: 5) { totalCount } } }"
    ),
    Example(
        operation="updateProfile",
        document="""
mutation UpdateProfile($input: UpdateProfileInput!) {
  updateProfile(input: $input) {
    __typename
    ... on User { firstName profile { name avatar { url } } }
    ... on ValidationError { fields { field message } }
  }
}
""",
        variables=lambda answers: {"input": {"name": "Nora N."}},
    ),
    Example(
        operation="createAddress",
        document="""
mutation CreateAddress($input: AddressInput!) {
  createAddress(input: $input) {
    __typename
    ... on Address { id firstName phone address zipCode country isDefault }
    ... on UserError { code message }
    ... on ValidationError { fields { field message } }
  }
}
""",
        variables=lambda answers: {"input": HOME},
    ),
    Example(
        operation="updateAddress",
        document="""
mutation UpdateAddress($input: UpdateAddressInput!) {
  updateAddress(input: $input) {
    __typename
    ... on Address { id company isDefault }
    ... on UserError { code message }
    ... on ValidationError { fields { field message } }
  }
}
""",
        variables=lambda answers: {
            "input": {"id": answers["createAddress"]["id"], "address": {**HOME, "company": "Nora Ltd"}}
        },
    ),
    Example(
        operation="deleteAddress",
        document="""
mutation DeleteAddress($input: DeleteAddressInput!) {
  deleteAddress(input: $input) {
    __typename
    ... on Deleted { id }
    ... on UserError { code message }
  }
}
""",
        variables=lambda answers: {"input": {"id": answers["updateAddress"]["id"]}},
    ),
    Example(
        operation="changePassword",
        document="""
mutation ChangePassword($input: ChangePasswordInput!) {
  changePassword(input: $input) {
    __typename
    ... on ValidationError { fields { field message } }
  }
}
""",
        variables=lambda answers: {"input": {"oldPassword": OLD, "newPassword": "as good as the old one"}},
    ),
    Example(
        operation="requestPasswordReset",
        document="""
mutation ForgotPassword($email: String!) {
  requestPasswordReset(input: {email: $email}) {
    __typename
    ... on UserError { code message }
  }
}
""",
        variables=lambda answers: {"email": EMAIL},
    ),
    Example(
        operation="resetPassword",
        document="""
mutation ResetPassword($input: ResetPasswordInput!) {
  resetPassword(input: $input) {
    __typename
    ... on ValidationError { fields { field message } }
  }
}
""",
        variables=lambda answers: {"input": {"token": answers["mail"], "newPassword": NEW}},
    ),
    Example(operation="logout", document="mutation { logout }"),
    Example(
        operation="login",
        document="""
mutation Login($input: LoginInput!) {
  login(input: $input) {
    __typename
    ... on User { email }
    ... on UserError { code message }
    ... on TooManyAttempts { retryAfterSeconds }
  }
}
""",
        variables=lambda answers: {"input": {"email": EMAIL, "password": NEW}},
    ),
    Example(
        operation="addFavourite",
        document="""
mutation AddFavourite($id: ID!) {
  addFavourite(input: {productId: $id}) {
    __typename
    ... on Product { id isFavourite }
    ... on UserError { code message }
  }
}
""",
        variables=lambda answers: {"id": first_found(answers)},
    ),
    Example(
        operation="removeFavourite",
        document="""
mutation RemoveFavourite($id: ID!) {
  removeFavourite(input: {productId: $id}) {
    __typename
    ... on Product { id isFavourite }
    ... on UserError { code message }
  }
}
""",
        variables=lambda answers: {"id": first_found(answers)},
    ),
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
    Example(
        operation="createComment",
        document="""
mutation CreateComment($input: CreateCommentInput!) {
  createComment(input: $input) {
    __typename
    ... on Comment { id body rating author { name } product { rating { count } } }
    ... on UserError { code message }
    ... on ValidationError { fields { field message } }
  }
}
""",
        variables=lambda answers: {
            "input": {"productId": first_found(answers), "body": "Just what I wanted.", "rating": 5}
        },
    ),
    Example(
        operation="updateComment",
        document="""
mutation UpdateComment($input: UpdateCommentInput!) {
  updateComment(input: $input) {
    __typename
    ... on Comment { body rating }
    ... on UserError { code message }
  }
}
""",
        variables=lambda answers: {"input": {"id": answers["createComment"]["id"], "rating": None}},
    ),
    Example(
        operation="reportComment",
        document="""
mutation ReportComment($input: ReportCommentInput!) {
  reportComment(input: $input) {
    __typename
    ... on Comment { id active }
    ... on UserError { code message }
  }
}
""",
        variables=lambda answers: {
            "input": {"id": answers["createComment"]["id"], "reason": "It advertises another shop."}
        },
    ),
    Example(
        operation="deleteComment",
        document="""
mutation DeleteComment($id: ID!) {
  deleteComment(input: {id: $id}) {
    __typename
    ... on Deleted { id product { id rating { average count } } }
    ... on UserError { code message }
  }
}
""",
        variables=lambda answers: {"id": answers["createComment"]["id"]},
    ),
    Example(
        operation="exportMyData",
        document="""
mutation ExportMyData {
  exportMyData {
    __typename
    ... on MyData { data }
    ... on TooManyAttempts { message retryAfterSeconds }
  }
}
""",
    ),
    Example(
        operation="changeEmail",
        document="""
mutation ChangeEmail($input: ChangeEmailInput!) {
  changeEmail(input: $input) {
    __typename
    ... on UserError { code message }
    ... on ValidationError { fields { field message } }
  }
}
""",
        variables=lambda answers: {"input": {"password": NEW, "newEmail": "nora@example.org"}},
    ),
    Example(
        operation="deleteAccount",
        document="""
mutation DeleteAccount($input: DeleteAccountInput!) {
  deleteAccount(input: $input) {
    __typename
    ... on UserError { code message }
    ... on ValidationError { fields { field message } }
  }
}
""",
        variables=lambda answers: {"input": {"password": NEW}},
    ),
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
