"""The types of plain Strawberry-Django, as its guide shows them."""

from decimal import Decimal
from pathlib import PurePosixPath

import strawberry
import strawberry_django
from django.conf import settings
from django.core.files.storage import default_storage
from django.db.models import QuerySet
from strawberry import auto, relay
from strawberry_django.fields.types import field_type_map
from strawberry_django.relay import DjangoListConnection

from accounts.models import Profile as ProfileModel
from catalog import models
from core.emails import AddressField
from core.text import LineField
from orders import models as orders
from reviews.models import Comment as CommentModel

# Strawberry-Django knows Django's own fields by their exact class.
field_type_map.update({LineField: str, AddressField: str})


@strawberry.type
class Money:
    amount: Decimal
    currency: str


def money(amount: Decimal) -> Money:
    return Money(amount=round(amount, 2), currency=settings.STORE_CURRENCY)


@strawberry.type
class Image:
    name: strawberry.Private[str]

    @strawberry.field
    def url(self) -> str:
        return default_storage.url(self.name)

    @strawberry.field
    def thumbnail(self) -> str:
        path = PurePosixPath(self.name)
        return default_storage.url(str(path.with_name(f"{path.stem}-medium.webp")))


@strawberry.type
class Rating:
    average: float | None
    count: int


@strawberry_django.type(ProfileModel)
class Profile(relay.Node):
    name: auto
    slug: str


@strawberry_django.type(models.Category)
class Category(relay.Node):
    name: auto
    slug: str


@strawberry_django.type(CommentModel)
class Comment(relay.Node):
    body: auto
    rating: auto
    created_at: auto
    author: Profile = strawberry_django.field(field_name="user__profile")

    @classmethod
    def get_queryset(cls, queryset: QuerySet[CommentModel], info: strawberry.Info) -> QuerySet[CommentModel]:
        return queryset.filter(active=True)


@strawberry_django.type(models.Product)
class Product(relay.Node):
    name: auto
    slug: str
    description: auto
    stock: auto
    category: Category
    seller: Profile = strawberry_django.field(field_name="user__profile")
    comments: DjangoListConnection[Comment] = strawberry_django.connection()

    @strawberry_django.field(only=["price"])
    def price(self, root: strawberry.Parent[models.Product]) -> Money:
        return money(root.price)

    @strawberry_django.field(only=["final_price"])
    def final_price(self, root: strawberry.Parent[models.Product]) -> Money:
        return money(root.final_price)

    @strawberry_django.field(only=["stock"])
    def is_available(self, root: strawberry.Parent[models.Product]) -> bool:
        return root.stock > 0

    @strawberry_django.field(only=["image"])
    def image(self, root: strawberry.Parent[models.Product]) -> Image | None:
        return Image(name=root.image.name) if root.image.name else None

    @strawberry_django.field(only=["rating_average", "rating_count"])
    def rating(self, root: strawberry.Parent[models.Product]) -> Rating:
        return Rating(average=root.rating_average if root.rating_count else None, count=root.rating_count)


@strawberry_django.type(orders.CartItem)
class CartItem(relay.Node):
    quantity: auto
    product: Product

    @strawberry_django.field(only=["quantity", "product__final_price"], select_related=["product"])
    def total(self, root: strawberry.Parent[orders.CartItem]) -> Money:
        assert root.product
        return money(root.product.final_price * root.quantity)


@strawberry_django.type(orders.Cart)
class Cart(relay.Node):
    items: list[CartItem]

    @strawberry_django.field(prefetch_related=["items"])
    def total_quantity(self, root: strawberry.Parent[orders.Cart]) -> int:
        return sum(item.quantity for item in root.items.all())

    @strawberry_django.field(prefetch_related=["items__product"])
    def total(self, root: strawberry.Parent[orders.Cart]) -> Money:
        prices = (item.product.final_price * item.quantity for item in root.items.all() if item.product)
        return money(sum(prices, Decimal(0)))


@strawberry_django.type(orders.OrderItem)
class OrderItem(relay.Node):
    name: auto
    quantity: auto

    @strawberry_django.field(only=["unit_price"])
    def unit_price(self, root: strawberry.Parent[orders.OrderItem]) -> Money:
        return money(root.unit_price)

    @strawberry_django.field(only=["unit_price", "quantity"])
    def total(self, root: strawberry.Parent[orders.OrderItem]) -> Money:
        return money(root.unit_price * root.quantity)


strawberry.enum(orders.PaymentStatus)
strawberry.enum(orders.OrderStatus)


@strawberry_django.type(orders.Payment)
class Payment(relay.Node):
    status: orders.PaymentStatus
    client_secret: auto


@strawberry_django.type(orders.Order)
class Order(relay.Node):
    uuid: auto
    status: orders.OrderStatus
    items: list[OrderItem]

    @strawberry_django.field(only=["amount"])
    def amount(self, root: strawberry.Parent[orders.Order]) -> Money:
        return money(root.amount)

    @strawberry_django.field(prefetch_related=["payments"])
    def payment(self, root: strawberry.Parent[orders.Order]) -> Payment | None:
        return next(iter(root.payments.all()), None)  # type: ignore[return-value]  # its model
