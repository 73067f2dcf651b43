"""The same operations in plain Strawberry-Django with its optimizer, as a user of the library would write them."""

from datetime import timedelta
from decimal import Decimal
from typing import Any, cast
from uuid import UUID, uuid4

import strawberry
import strawberry_django
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from strawberry import relay
from strawberry_django.optimizer import DjangoOptimizerExtension
from strawberry_django.relay import DjangoListConnection

from catalog import models
from catalog.models import StockMovement
from core.addresses import validate_address
from core.money import to_minor_units
from orders import models as orders
from orders.payments import gateway
from tests.benchmarks.references.plain.types import Cart, Order, Product


@strawberry.input
class CartItemInput:
    product_id: relay.GlobalID
    quantity: int


@strawberry.input
class ShippingInput:
    first_name: str
    last_name: str
    email: str
    phone: str
    address: str
    building_number: str
    city: str
    zip_code: str
    state: str
    country: str


@strawberry.input
class CheckoutInput:
    shipping: ShippingInput
    idempotency_key: UUID


@strawberry.type
class Query:
    @strawberry_django.connection(DjangoListConnection[Product])
    def products(self) -> QuerySet[models.Product]:
        return models.Product.objects.order_by("-added_at", "-slug")

    @strawberry_django.field
    def product(self, slug: str) -> Product | None:
        return cast(Product, models.Product.objects.filter(slug=slug))


@strawberry.type
class Mutation:
    @strawberry_django.mutation(handle_django_errors=True)
    @transaction.atomic
    def add_to_cart(self, info: strawberry.Info, input: CartItemInput) -> Cart:
        visitor = visitor_of(info.context.request)
        product = models.Product.objects.get(pk=input.product_id.node_id)
        variant = product.variants.get()
        orders.Cart.objects.get_or_create(visitor=visitor)
        cart = orders.Cart.objects.select_for_update().get(visitor=visitor)
        item = cart.items.filter(variant=variant).first() or orders.CartItem(
            cart=cart, product=product, variant=variant, quantity=0
        )
        item.quantity += input.quantity
        item.product_name, item.seen_price = product.name, variant.final_price
        if item.quantity > variant.stock:
            raise ValidationError({"quantity": "Not enough in stock."})
        item.full_clean()
        item.save()
        return cast(Cart, orders.Cart.objects.prefetch_related("items__product").get(pk=cart.pk))

    @strawberry_django.mutation(handle_django_errors=True)
    def checkout(self, info: strawberry.Info, input: CheckoutInput) -> Order:
        shipping = orders.Shipping(**vars(input.shipping))
        validate_address(shipping, prefix="shipping.")
        payment = place_order(visitor_of(info.context.request), shipping, key=input.idempotency_key)
        start(payment)
        return cast(
            Order, orders.Order.objects.prefetch_related("items", "payments").get(pk=payment.order_id)
        )


def visitor_of(request: HttpRequest) -> UUID:
    return UUID(request.session.setdefault("visitor", str(uuid4())))


@transaction.atomic
def place_order(visitor: UUID, shipping: orders.Shipping, *, key: UUID) -> orders.Payment:
    now = timezone.now()
    cart = orders.Cart.objects.select_for_update().get(visitor=visitor)
    lines = list(cart.items.all())
    keys = [line.product_id for line in lines]
    products = models.Product.objects.select_for_update().order_by("pk").in_bulk(keys)
    shipping.save()
    order = orders.Order.objects.create(
        visitor=visitor,
        idempotency_key=key,
        status=orders.OrderStatus.PENDING,
        currency=settings.STORE_CURRENCY,
        shipping=shipping,
        email=shipping.email,
        expires_at=now + timedelta(minutes=30),
    )
    amount = Decimal(0)
    for line in lines:
        product = products[cast(int, line.product_id)]
        variant = models.ProductVariant.objects.get(pk=cast(int, line.variant_id))
        enough = models.ProductVariant.objects.filter(pk=variant.pk, stock__gte=line.quantity)
        if not enough.update(stock=F("stock") - line.quantity):
            raise ValidationError({"quantity": f"{product.name} is sold out."})
        models.Product.objects.filter(pk=product.pk).update(
            stock=F("stock") - line.quantity, sold_count=F("sold_count") + line.quantity
        )
        StockMovement.objects.create(
            product=product,
            variant=variant,
            delta=-line.quantity,
            reason=StockMovement.Reason.SOLD,
            order_uuid=order.pk,
        )
        orders.OrderItem.objects.create(
            order=order,
            product=product,
            variant=variant,
            name=product.name,
            quantity=line.quantity,
            unit_price=variant.final_price,
        )
        amount += variant.final_price * line.quantity
    order.amount = amount
    order.save()
    cart.items.all().delete()
    return orders.Payment.objects.create(order=order, amount=amount, currency=order.currency)


def start(payment: orders.Payment) -> None:
    """Create the payment's intent at Stripe, as the store does."""
    parameters: Any = {
        "amount": to_minor_units(payment.amount, payment.currency),
        "currency": payment.currency.lower(),
        "automatic_payment_methods": {"enabled": True},
        "metadata": {"payment": str(payment.pk), "order": str(payment.order_id)},
    }
    options: Any = {"idempotency_key": f"payment:{payment.pk}"}
    intent = gateway.client().v1.payment_intents.create(parameters, options)
    payment.intent_id, payment.client_secret = intent.id, intent.client_secret or ""
    payment.save()


schema = strawberry.Schema(query=Query, mutation=Mutation, extensions=[DjangoOptimizerExtension])
