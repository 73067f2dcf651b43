"""The demo's shopper: one session of a front end, from registration to a comment on the purchase."""

import json
from http.cookiejar import CookieJar
from typing import Any
from urllib.error import HTTPError
from urllib.request import HTTPCookieProcessor, ProxyHandler, Request, build_opener
from uuid import uuid4

from demo.purchase import documents
from demo.purchase.store import WEBHOOK_SECRET, Store
from demo.seed.terms import CODE
from packages.stripe_fake import FakeStripe

EMAIL = "newcomer@example.com"
TERM = "mug"
ADDRESS = {
    "firstName": "Nora",
    "lastName": "Newcomer",
    "email": EMAIL,
    "phone": "+1 415 555 2671",
    "address": "Market Street",
    "buildingNumber": "1",
    "city": "San Francisco",
    "zipCode": "94105",
    "state": "CA",
    "country": "US",
}


class Unexpected(Exception):
    """An answer is not as expected. The message says what was expected."""


def expect(condition: object, what: str) -> None:
    if not condition:
        raise Unexpected(what)


class GraphQLClient:
    """A GraphQL client like a front end's: it posts JSON, with the session's cookie and the page's origin."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.opener = build_opener(ProxyHandler({}), HTTPCookieProcessor(CookieJar()))
        self.answer: Any = None

    def run(self, document: str, *, answers: str | None = None, **variables: Any) -> Any:
        """Run an operation with one field, and return the field's answer.

        Raises:
            Unexpected: the answer is an error, or does not have the type `answers`.
        """
        body = json.dumps({"query": document, "variables": variables}).encode()
        request = Request(
            f"{self.url}/graphql/", body, {"Content-Type": "application/json", "Origin": self.url}
        )
        try:
            with self.opener.open(request, timeout=30) as response:
                self.answer = json.load(response)
        except HTTPError as error:
            with error:
                self.answer = error.read().decode(errors="replace")
            raise Unexpected(f"HTTP 200, not {error.code}") from error
        expect("errors" not in self.answer, "no top-level error")
        [field] = self.answer["data"].values()
        if answers:
            expect(field["__typename"] == answers, f"an answer of the type {answers}")
        return field


class Shopper:
    """The steps of the shopper. Each returns a line about its result, and raises Unexpected if anything is wrong."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.api = GraphQLClient(store.url)
        self.bargain: dict[str, Any] = {}
        self.found: dict[str, Any] = {}
        self.cart: dict[str, Any] = {}
        self.order: dict[str, Any] = {}

    def register(self) -> str:
        person = {"email": EMAIL, "password": uuid4().hex, "firstName": "Nora", "lastName": "Newcomer"}
        self.api.run(documents.REGISTER, answers="User", input=person)
        me = self.api.run(documents.ME)
        expect(me and me["email"] == EMAIL, "the session is signed in")
        return EMAIL

    def browse(self) -> str:
        categories = self.api.run(documents.CATEGORIES)
        products = self.api.run(documents.BARGAINS)
        expect(products["nodes"], "products on sale")
        self.bargain = products["nodes"][0]
        expect(
            self.bargain["finalPrice"]["minorUnits"] < self.bargain["price"]["minorUnits"],
            "a price that is lower",
        )
        count = sum(category["productCount"] for category in categories if category["parent"] is None)
        return f"{count} products in {len(categories)} categories, {products['totalCount']} on sale"

    def search(self) -> str:
        results = self.api.run(documents.SEARCH, answers="ProductConnection", term=TERM)
        expect(results["nodes"], "products that match")
        self.found = results["nodes"][0]
        expect(TERM in self.found["name"].lower(), f"a best match with “{TERM}” in its name")
        return f"“{TERM}”: {self.found['name']}"

    def favourite(self) -> str:
        product = self.api.run(
            documents.ADD_FAVOURITE, answers="Product", input={"productId": self.found["id"]}
        )
        expect(product["isFavourite"], "the product is a favourite")
        favourites = self.api.run(documents.ME)["favourites"]["nodes"]
        expect([favourite["id"] for favourite in favourites] == [self.found["id"]], "it is the only one")
        return str(product["name"])

    def fill_cart(self) -> str:
        for product, quantity in ((self.found, 2), (self.bargain, 1)):
            item = {"productId": product["id"], "quantity": quantity}
            self.cart = self.api.run(documents.ADD_TO_CART, answers="Cart", input=item)
        items = self.cart["items"]
        expect(self.cart["totalQuantity"] == 3, "three things in the cart")
        expect(
            units(self.cart["total"]) == sum(units(item["total"]) for item in items), "the total is the sum"
        )
        return (
            f"{', '.join(line(item, item['product']['name']) for item in items)}: {money(self.cart['total'])}"
        )

    def set_delivery(self) -> str:
        place = {name: ADDRESS[name] for name in ("country", "zipCode", "state")}
        self.cart = self.api.run(documents.SET_CART_DELIVERY, answers="Cart", input=place)
        expect(self.cart["delivery"], "a delivery method")
        expect(self.cart["taxes"], "the sales tax of California")
        self.expect_sum(self.cart, total="total")
        delivery = self.cart["delivery"]
        return f"{delivery['method']['name']}: {money(delivery['cost'])}; tax: {money(self.cart['taxTotal'])}"

    def apply_code(self) -> str:
        before = units(self.cart["total"])
        self.cart = self.api.run(documents.APPLY_DISCOUNT_CODE, answers="Cart", input={"code": CODE.lower()})
        code = self.cart["discountCode"]
        expect(code["applies"] and units(code["amount"]) > 0, "a code that takes something off")
        expect(units(self.cart["total"]) < before, "a total that is lower")
        self.expect_sum(self.cart, total="total")
        return f"{code['code']}: −{money(code['amount'])}, {money(self.cart['total'])}"

    @staticmethod
    def expect_sum(priced: dict[str, Any], *, total: str) -> None:
        """Check that the total of a cart or an order is the sum of its parts, before tax."""
        goods, discount, delivery, tax = (
            units(priced[part]) for part in ("subtotal", "discountTotal", "deliveryTotal", "taxTotal")
        )
        expect(units(priced[total]) == goods - discount + delivery + tax, "the total is the sum of its parts")

    def check_out(self) -> str:
        self.order = self.api.run(
            documents.CHECKOUT,
            answers="Order",
            input={
                "shipping": ADDRESS,
                "idempotencyKey": str(uuid4()),
                "expectedTotal": self.cart["total"]["amount"],
            },
        )
        expect(self.order["status"] == "PENDING", "a pending order")
        payment = self.order["payment"]
        expect(
            self.cart["total"] == self.order["amount"] == payment["amount"],
            "one total for cart, order, payment",
        )
        self.expect_sum(self.order, total="amount")
        expect(
            self.order["delivery"]["name"] == self.cart["delivery"]["method"]["name"], "the chosen delivery"
        )
        expect(self.order["discountCode"] == self.cart["discountCode"]["code"], "the code")
        expect(payment["clientSecret"], "a payment to be made")
        expect(self.api.run(documents.CART)["items"] == [], "an empty cart")
        return f"{self.order['status']}, {money(self.order['amount'])}"

    def pay(self) -> str:
        """Pay with only the client secret, as Stripe.js does. Then Stripe notifies the store by webhook."""
        intent_id, _, _ = self.order["payment"]["clientSecret"].partition("_secret_")
        stripe = FakeStripe(self.store.stripe_db)
        stripe.confirm(intent_id)
        deliveries = stripe.deliver(url=f"{self.store.url}/stripe/webhook/", secret=WEBHOOK_SECRET)
        expect(deliveries and all(delivery.taken for delivery in deliveries), f"webhooks taken: {deliveries}")
        total = self.order["amount"]
        self.order = self.api.run(documents.ORDER, uuid=self.order["uuid"])
        expect(self.order["payment"]["status"] == "SUCCEEDED", "a payment that succeeded")
        expect(
            self.order["amount"] == self.order["payment"]["amount"] == total, "the amount that was asked for"
        )
        expect(self.order["status"] == "SHIPPED", "a shipped order")
        expect(self.order["paidAt"] and self.order["shippedAt"], "the times of paying and shipping")
        return f"PAID and {self.order['status']}, {len(deliveries)} signed webhooks"

    def look_at_stock(self) -> str:
        for item in self.cart["items"]:
            before, product = item["product"], self.api.run(documents.STOCK, id=item["product"]["id"])
            expect(
                product["stock"] == before["stock"] - item["quantity"], f"{item['quantity']} less in stock"
            )
        return ", ".join(f"{item['product']['name']} −{item['quantity']}" for item in self.cart["items"])

    def comment(self) -> str:
        comment = self.api.run(
            documents.CREATE_COMMENT,
            answers="Comment",
            input={"productId": self.found["id"], "body": "Well made, and it came quickly.", "rating": 5},
        )
        expect(comment["verifiedPurchase"], "a verified purchase")
        expect(comment["product"]["rating"]["count"] == self.found["rating"]["count"] + 1, "one rating more")
        return "“Well made, and it came quickly.” 5 stars, verified purchase"

    def receipt(self) -> str:
        rows = [
            ("Order", self.order["uuid"]),
            *(("", f"{line(item, item['name'])}, {money(item['total'])}") for item in self.order["items"]),
            ("Discount", f"−{money(self.order['discountTotal'])}, {self.order['discountCode']}"),
            ("Delivery", f"{money(self.order['deliveryTotal'])}, {self.order['delivery']['name']}"),
            ("Tax", money(self.order["taxTotal"])),
            ("Amount", money(self.order["amount"])),
            ("Payment", f"{self.order['payment']['status']}, {money(self.order['payment']['amount'])}"),
            ("Status", self.order["status"]),
            ("Paid at", self.order["paidAt"]),
            ("Shipped at", self.order["shippedAt"]),
        ]
        return "\n".join(f"  {name:<12}{value}" for name, value in rows)


def line(item: dict[str, Any], name: str) -> str:
    return f"{item['quantity']} × {name}"


def money(amount: dict[str, Any]) -> str:
    return f"{amount['amount']} {amount['currency']}"


def units(amount: dict[str, Any]) -> int:
    return int(amount["minorUnits"])
