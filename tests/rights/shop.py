"""A shop with at least one row of every type, and a browser for each role."""

from collections.abc import Iterator
from copy import copy, deepcopy
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from django.apps import apps
from django.conf import settings
from django.contrib.auth.models import Permission
from django.db import models
from django.utils import timezone
from graphql import GraphQLInterfaceType, GraphQLObjectType

from backend.schema import schema
from catalog.fields import ProductFields
from catalog.models import Product, ProductVariant
from catalog.services import add_favourite, update_product
from orders import services
from orders.cart import ShoppingCart
from orders.checkout import checkout
from orders.choices import Choice
from orders.models import CartItem, Fulfilment, Order, OrderItem, Payment, Refund, Return
from orders.owners import SESSION_KEY, Owner
from orders.payments.gateway import fake
from orders.payments.settlement import settle
from orders.refunding import refund
from orders.returns import request_return
from pricing.models import DeliveryMethod, DeliveryRate, DiscountCode
from reviews.models import Comment
from reviews.services import report_comment
from tests.conftest import GraphQLClient, global_id
from tests.factories import (
    make_comment,
    make_details,
    make_entry,
    make_product,
    make_seller,
    make_staff,
    make_user,
)

graphql_schema = schema._schema
# A guest has written nothing yet. A visitor is a guest with a cart and an order. The staff have all permissions. A
# clerk is staff who may only see people.
GUEST, VISITOR, SHOPPER, OTHER = "guest", "visitor", "shopper", "other"
SELLER, OTHER_SELLER, STAFF, CLERK = "seller", "other seller", "staff", "clerk"
ROLES = (GUEST, VISITOR, SHOPPER, OTHER, SELLER, OTHER_SELLER, STAFF, CLERK)
EVERYONE = frozenset(ROLES)
PEOPLE = EVERYONE - {GUEST, VISITOR}
# Secrets that only those who see the row may read. Each is in one row alone.
SECRETS = {
    "shopper.private@example.com": {SHOPPER, STAFF, CLERK},
    "Shoppersgivenname": {SHOPPER, STAFF, CLERK},
    "Addressbookstreet": {SHOPPER, STAFF},
    "Shippingstreet": {SHOPPER, STAFF},
    "Parcelstreet": {SHOPPER, STAFF},
    "Visitorstreet": {VISITOR, STAFF},
    "A comment that is hidden": {SHOPPER, STAFF},
    "A reason to report": set(),
    "An unpublished description": {SELLER, STAFF},
}


@dataclass(frozen=True, kw_only=True)
class Row:
    """A row with its API name and the roles that see it. The owner reads all of its fields."""

    type: str
    key: object
    owner: str
    seen_by: frozenset[str]
    has_secret: bool = True  # of the owner, if the type has one

    @property
    def id(self) -> str:
        return global_id(self.type, self.key)


class Shop:
    """The shop. Everything belongs to the shopper, except the seller's product and the visitor's rows."""

    def __init__(self) -> None:
        self.people = {
            SHOPPER: make_user(email="shopper.private@example.com", first_name="Shoppersgivenname"),
            OTHER: make_user(),
            SELLER: make_seller(),
            OTHER_SELLER: make_seller(),
            STAFF: make_staff(),
            CLERK: make_user(is_staff=True),
        }
        self.people[CLERK].user_permissions.add(Permission.objects.get(codename="view_user"))
        for role, person in self.people.items():
            type(person.profile).objects.filter(user=person).update(name=f"The {role}")
        self.visitor = uuid4()
        self.browsers = {role: self.browser(role) for role in ROLES}
        shopper = self.people[SHOPPER]
        self.product = make_product(name="Lamp", user=self.people[SELLER], stock=100)
        make_product(
            name="Lampshade",
            user=self.people[SELLER],
            category=self.product.category,
            options=["Size"],
            variants=[{"values": "S", "sku": "SHADE-S"}, {"values": "L", "price": Decimal(20)}],
        )
        self.comment = make_comment(user=shopper, product=self.product, rating=5)
        self.hidden = make_comment(
            user=shopper, product=self.product, body="A comment that is hidden", active=False
        )
        now = timezone.now()
        report_comment(
            user=self.people[OTHER], comment_pk=self.comment.pk, reason="A reason to report", now=now
        )
        add_favourite(user=shopper, product_pk=self.product.pk, now=now)
        self.address = make_entry(user=shopper, address="Addressbookstreet")
        self.unpublished = self.unpublish(now=now)
        self.method = DeliveryMethod.objects.create(name="Post")
        self.method_off = DeliveryMethod.objects.create(name="Coach", is_active=False)
        for method in (self.method, self.method_off):
            DeliveryRate.objects.create(method=method, price=0)
        DiscountCode.objects.create(code="WELCOME", percent=10)
        self.order = self.buy_pending(Owner(user=shopper), street="Shippingstreet")
        self.visitors_order = self.buy_pending(Owner(visitor=self.visitor), street="Visitorstreet")
        self.shipped = self.buy_shipped(Owner(user=shopper), now=now)
        self.draft = services.create_order(user=shopper, now=now)
        services.add_order_item(
            owner=Owner(user=shopper),
            order_uuid=self.draft,
            choice=Choice(self.product.pk, by_product=True),
            quantity=1,
            now=now,
        )
        for owner in (Owner(user=shopper), Owner(visitor=self.visitor)):
            ShoppingCart(owner).add(Choice(self.product.pk, by_product=True), 1, now=now)

    def buy_shipped(self, owner: Owner, *, now: datetime) -> UUID:
        """Place an order that is paid and shipped, with a return and a refund."""
        order = self.buy_pending(owner, street="Parcelstreet")
        payment = Payment.objects.get(order=order)
        fake().confirm(payment.intent_id or "", "succeeded")
        settle(payment.intent_id or "", now=now)
        [item] = OrderItem.objects.filter(order=order)
        request_return(owner=owner, order_uuid=order, quantities=[(item.pk, 1)], reason="A reason", now=now)
        refund(order_uuid=order, amount=Decimal(1), now=now)
        return order

    def bought_item(self) -> dict[str, Any]:
        """Return the input for the return of one of what was shipped."""
        return {
            "orderItemId": global_id("OrderItem", Order.objects.get(pk=self.shipped).items.get().pk),
            "quantity": 1,
        }

    def unpublish(self, *, now: datetime) -> Product:
        """Return a product that people had in their lists, carts and orders before it became a draft."""
        shopper = self.people[SHOPPER]
        product = make_product(
            name="Lamp of yesterday",
            description="An unpublished description",
            user=self.people[SELLER],
            category=self.product.category,
        )
        make_comment(user=shopper, product=product, rating=4)
        add_favourite(user=shopper, product_pk=product.pk, now=now)
        choice = Choice(product.pk, by_product=True)
        ShoppingCart(Owner(user=self.people[OTHER])).add(choice, 1, now=now)
        order = services.create_order(user=self.people[OTHER], now=now)
        services.add_order_item(
            owner=Owner(user=self.people[OTHER]), order_uuid=order, choice=choice, quantity=1, now=now
        )
        changes: ProductFields = {"is_published": False}
        update_product(user=self.people[SELLER], product_pk=product.pk, changes=changes, now=now)
        return product

    def copy(self) -> "Shop":
        """Return the same rows and sessions in new objects, which a test may change."""
        shop = copy(self)
        vars(shop).update(deepcopy({**vars(self), "browsers": {}}))
        for role, browser in self.browsers.items():
            shop.browsers[role] = GraphQLClient()
            shop.browsers[role].cookies = deepcopy(browser.cookies)
        return shop

    def browser(self, role: str) -> GraphQLClient:
        browser = GraphQLClient()
        if role in self.people:
            browser.force_login(self.people[role])
        elif role == VISITOR:
            session = browser.session
            session[SESSION_KEY] = str(self.visitor)
            session.save()
            browser.cookies[settings.SESSION_COOKIE_NAME] = session.session_key or ""
        return browser

    def buy_pending(self, owner: Owner, *, street: str) -> UUID:
        """Place a pending order that can be paid."""
        now = timezone.now()
        ShoppingCart(owner).add(Choice(self.product.pk, by_product=True), 2, now=now)
        return checkout(
            address="127.0.0.1",
            owner=owner,
            details=make_details(address=street),
            idempotency_key=uuid4(),
            expected_total=None,
            now=now,
        )

    def rows(self) -> list[Row]:
        """Return a row of every type of the API that has rows. A test names the types that have none here."""
        ways = {type_: getattr(self, f"rows_of_{type_}", None) for type_ in NODES}
        return [Row(type=type_, **row) for type_, rows_of in ways.items() if rows_of for row in rows_of()]

    # ── Visibility: a row for each type ───────────────────────────────────

    def rows_of_Product(self) -> Iterator[dict[str, Any]]:  # noqa: N802  # the type's name
        for product in Product.objects.all():
            yield {"key": product.pk, "owner": SELLER, "seen_by": self.who_sees(product)}

    def rows_of_ProductVariant(self) -> Iterator[dict[str, Any]]:  # noqa: N802
        for variant in ProductVariant.objects.select_related("product"):
            yield {"key": variant.pk, "owner": SELLER, "seen_by": self.who_sees(variant.product)}

    def rows_of_Address(self) -> Iterator[dict[str, Any]]:  # noqa: N802
        yield {"key": self.address, "owner": SHOPPER, "seen_by": frozenset({SHOPPER, STAFF})}

    def rows_of_Category(self) -> Iterator[dict[str, Any]]:  # noqa: N802
        yield {"key": self.product.category_id, "owner": STAFF, "seen_by": EVERYONE}

    def rows_of_DeliveryMethod(self) -> Iterator[dict[str, Any]]:  # noqa: N802
        yield {"key": self.method.pk, "owner": STAFF, "seen_by": EVERYONE}
        yield {"key": self.method_off.pk, "owner": STAFF, "seen_by": frozenset()}

    def rows_of_Profile(self) -> Iterator[dict[str, Any]]:  # noqa: N802
        for role, person in self.people.items():
            yield {"key": person.profile.pk, "owner": role, "seen_by": EVERYONE}

    def rows_of_User(self) -> Iterator[dict[str, Any]]:  # noqa: N802
        for role, person in self.people.items():
            yield {"key": person.pk, "owner": role, "seen_by": frozenset({role, STAFF, CLERK})}

    def rows_of_Comment(self) -> Iterator[dict[str, Any]]:  # noqa: N802
        for comment in Comment.objects.select_related("product"):
            seen_by = EVERYONE if comment.active else frozenset({SHOPPER, STAFF})
            seen_by &= self.who_sees(comment.product)
            yield {"key": comment.pk, "owner": SHOPPER if SHOPPER in seen_by else SELLER, "seen_by": seen_by}

    def rows_of_Cart(self) -> Iterator[dict[str, Any]]:  # noqa: N802
        yield {"key": "mine", "owner": SHOPPER, "seen_by": EVERYONE}  # each role has its own, see TestCart

    def rows_of_CartItem(self) -> Iterator[dict[str, Any]]:  # noqa: N802
        for item in CartItem.objects.exclude(product=self.unpublished).select_related("cart"):
            owner = SHOPPER if item.cart.user else VISITOR
            yield {"key": item.pk, "owner": owner, "seen_by": frozenset({owner})}

    def rows_of_Order(self) -> Iterator[dict[str, Any]]:  # noqa: N802
        for order in Order.objects.all():
            yield {"key": order.pk, **self.of_order(order)}

    def rows_of_OrderItem(self) -> Iterator[dict[str, Any]]:  # noqa: N802
        for order in Order.objects.all():
            yield {"key": order.items.get().pk, **self.of_order(order)}

    def rows_of_Shipping(self) -> Iterator[dict[str, Any]]:  # noqa: N802
        for order in Order.objects.exclude(shipping=None):
            yield {"key": order.shipping_id, **self.of_order(order)}

    def rows_of_Fulfilment(self) -> Iterator[dict[str, Any]]:  # noqa: N802
        for parcel in Fulfilment.objects.select_related("order"):
            yield {"key": parcel.pk, **self.of_order(parcel.order)}

    def rows_of_Return(self) -> Iterator[dict[str, Any]]:  # noqa: N802
        for asked in Return.objects.select_related("order"):
            yield {"key": asked.pk, **self.of_order(asked.order)}

    def rows_of_Refund(self) -> Iterator[dict[str, Any]]:  # noqa: N802
        for made in Refund.objects.select_related("payment__order"):
            yield {"key": made.pk, **self.of_order(made.payment.order)}

    def rows_of_Payment(self) -> Iterator[dict[str, Any]]:  # noqa: N802
        for payment in Payment.objects.select_related("order"):
            yield {"key": payment.pk, "has_secret": payment.is_open, **self.of_order(payment.order)}

    def who_sees(self, product: Product) -> frozenset[str]:
        return EVERYONE if product.is_published else frozenset({SELLER, STAFF})

    def of_order(self, order: Order) -> dict[str, Any]:
        roles = {person.pk: role for role, person in self.people.items()}
        owner = roles[order.user_id] if order.user_id else VISITOR
        return {"owner": owner, "seen_by": frozenset({owner, STAFF})}


def nodes() -> Iterator[str]:
    """Return the names of the types whose objects have an id."""
    interface = graphql_schema.get_type("Node")
    assert isinstance(interface, GraphQLInterfaceType)
    for type_ in graphql_schema.get_possible_types(interface):
        assert isinstance(type_, GraphQLObjectType)
        yield type_.name


NODES = sorted(nodes())


def whole_database() -> dict[str, list[dict[str, Any]]]:
    """Return every row of every table."""
    tables: list[type[models.Model]] = apps.get_models()
    return {table._meta.label: list(table._base_manager.order_by("pk").values()) for table in tables}
