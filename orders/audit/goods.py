"""The checks of products, their variants and categories, and of the stock that orders have taken."""

from collections.abc import Iterator
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import (
    Case,
    F,
    IntegerField,
    OuterRef,
    Q,
    Subquery,
    Sum,
    TextField,
    Value,
    When,
)
from django.db.models.functions import Coalesce

from catalog.attributes import copy_columns, find_wrong_copies
from catalog.categories import find_wrong_paths, rewrite_paths
from catalog.listings import find_wrong_listings, list_again
from catalog.models import OPTIONS, PriceChange, Product, ProductImage, ProductVariant, StockMovement
from catalog.options import find_wrong_options, mend_options
from catalog.pictures import PICTURE, copy_first
from catalog.stock import lock_products, sum_up
from orders.audit.difference import Difference
from orders.models import OrderItem, OrderStatus

Reason = StockMovement.Reason
BACK = (Reason.RETURNED, Reason.RESTOCKED, Reason.PUT_BACK)


def check_stock() -> Iterator[Difference]:
    """A variant's stock is the sum of its movements, and a product's sold count the sum of the movements by orders.

    The movements of removed variants add up to nothing.
    """
    sums = ProductVariant.objects.annotate(moved=Coalesce(Sum("movements__delta"), 0))
    for variant in sums.exclude(stock=F("moved")):
        yield Difference(
            check="stock",
            subject=f"variant {variant.pk}",
            detail=f"stock is {variant.stock}, its movements add up to {variant.moved}",
        )
    products = Product.objects.annotate(
        sold=Coalesce(Sum("movements__delta", filter=~Q(movements__reason=Reason.SET)), 0),
        removed=Coalesce(Sum("movements__delta", filter=Q(movements__variant=None)), 0),
    )
    for product in products.exclude(sold_count=-F("sold")):
        yield Difference(
            check="sold count",
            subject=f"product {product.pk}",
            detail=f"sold count is {product.sold_count}, its movements say {-product.sold}",
        )
    for product in products.exclude(removed=0):
        yield Difference(
            check="stock",
            subject=f"product {product.pk}",
            detail=f"the movements of its removed variants add up to {product.removed}",
        )
    for movement in StockMovement.objects.exclude(variant=None).exclude(product=F("variant__product")):
        yield Difference(
            check="stock",
            subject=f"movement {movement.pk}",
            detail=f"names product {movement.product_id}, but variant {movement.variant_id} of another",
        )


def check_products() -> Iterator[Difference]:
    """A product has variants with a value for each of its options, and the sums and prices that are made of them."""
    of_product = ProductVariant.objects.filter(product=OuterRef("pk"))
    sold_out = Case(When(stock=0, then=1), default=0)
    cheapest = of_product.order_by(sold_out, "final_price", "position", "pk")
    summed = Product.objects.annotate(
        units=Subquery(of_product.order_by().values("product").annotate(sum=Sum("stock")).values("sum")),
        right_price=Subquery(cheapest.values("price")[:1]),
        right_discount=Subquery(cheapest.values("discount")[:1]),
        right_final_price=Subquery(cheapest.values("final_price")[:1]),
    )
    for product in summed.filter(units=None):
        yield Difference(check="variants", subject=f"product {product.pk}", detail="has no variant")
    right = Q(
        stock=F("units"),
        price=F("right_price"),
        discount=F("right_discount"),
        final_price=F("right_final_price"),
    )
    for product in summed.filter(units__isnull=False).exclude(right):
        yield Difference(
            check="variants",
            subject=f"product {product.pk}",
            detail=f"has {product.stock} at {product.final_price}, its variants {product.units} at "
            f"{product.right_final_price}",
            mend=partial(mend_product, product.pk),
        )
    unlike = Q()
    for name in OPTIONS:
        blank, needed = Q(**{name: ""}), Q(**{f"product__{name}": ""})
        unlike |= (blank & ~needed) | (~blank & needed)
    for variant in ProductVariant.objects.filter(unlike):
        yield Difference(
            check="variants",
            subject=f"variant {variant.pk}",
            detail=f"its values are not those of the options of product {variant.product_id}",
        )


@transaction.atomic
def mend_product(pk: int) -> None:
    """Sum the product's variants up again.

    Locks:
        The product.
    """
    if lock_products({pk}):
        sum_up({pk})


def check_attributes() -> Iterator[Difference]:
    """The values of attributes have copies of their products' columns, and those of options are the variants'."""
    for key in find_wrong_copies().order_by("product").values_list("product", flat=True).distinct():
        yield Difference(
            check="attributes",
            subject=f"product {key}",
            detail="its values of attributes have other copies of its columns",
            mend=partial(copy_columns, key),
        )
    for key in find_wrong_options().values_list("pk", flat=True):
        yield Difference(
            check="attributes",
            subject=f"product {key}",
            detail="the values of its options are not those of its variants",
            mend=partial(mend_options, key),
        )


def check_listings() -> Iterator[Difference]:
    """A published product is listed in its category and those above, with copies of its columns."""
    for key in find_wrong_listings():
        yield Difference(
            check="listings",
            subject=f"product {key}",
            detail="the lists of its categories do not have it, or have other copies of its columns",
            mend=partial(list_again, key),
        )


def check_prices() -> Iterator[Difference]:
    """The history of a variant's final price ends with the present one."""
    recorded = PriceChange.objects.filter(variant=OuterRef("pk")).order_by("-since").values("final_price")[:1]
    variants = ProductVariant.objects.annotate(recorded=Subquery(recorded))
    for variant in variants.filter(~Q(final_price=F("recorded")) | Q(recorded=None)):
        yield Difference(
            check="prices",
            subject=f"variant {variant.pk}",
            detail=f"costs {variant.final_price}, the last recorded price is {variant.recorded}",
        )


def check_held() -> Iterator[Difference]:
    """A variant's held units are the units of its pending orders."""
    pending = OrderItem.objects.filter(variant=OuterRef("pk"), order__status=OrderStatus.PENDING)
    taken = pending.order_by().values("variant").annotate(units=Sum("quantity")).values("units")
    variants = ProductVariant.objects.annotate(taken=Coalesce(Subquery(taken), 0))
    for variant in variants.exclude(held=F("taken")):
        yield Difference(
            check="held",
            subject=f"variant {variant.pk}",
            detail=f"{variant.held} are held, pending orders have taken {variant.taken}",
        )


def check_movements() -> Iterator[Difference]:
    """A placed order has taken its items' units, and returned them if it was given up before shipping."""
    of_item = StockMovement.objects.filter(order_uuid=OuterRef("order_id"), variant=OuterRef("variant_id"))
    of_back = of_item.filter(reason__in=BACK).order_by().values("variant").annotate(sum=Sum("delta"))
    items = OrderItem.objects.filter(variant__isnull=False).select_related("order")
    annotated = items.annotate(
        taken=Coalesce(Subquery(of_item.filter(reason=Reason.SOLD).values("delta")), 0),
        back=Coalesce(Subquery(of_back.values("sum")), 0),
    )
    for item in annotated.iterator():
        taken, returned = expected_movements(item)
        if (-item.taken, item.back) != (taken, returned):
            yield Difference(
                check="movements",
                subject=f"order {item.order_id}, variant {item.variant_id}",
                detail=f"{item.order.status}, {item.quantity} ordered, {-item.taken} taken, {item.back} returned",
            )


def expected_movements(item: OrderItem) -> tuple[int, int]:
    """Return the units that an item must have taken, and the units that it must have returned."""
    order = item.order
    if order.shipping_id is None:
        return 0, 0
    given_up = order.status in (OrderStatus.CANCELLED, OrderStatus.REFUNDED)
    return item.quantity, item.quantity if given_up and not item.fulfilled else item.restocked


def check_paths() -> Iterator[Difference]:
    """A category's path leads through its parents to the top."""
    for category, right in find_wrong_paths():
        loop = right is None
        yield Difference(
            check="category paths",
            subject=f"category {category.pk}",
            detail="is below itself; give one of its parents another parent"
            if loop
            else f"the path above it is {category.above}, by its parents it is {right}",
            mend=None if loop else rewrite_paths,
        )


def check_pictures() -> Iterator[Difference]:
    """A product's picture is the first of its pictures, and a variant points at a picture of its own product."""
    of_product = ProductImage.objects.filter(product=OuterRef("pk")).order_by("position", "pk")
    columns: dict[str, Any] = {}
    for name in PICTURE:
        number = isinstance(Product._meta.get_field(name), IntegerField)
        blank, type_ = (Value(0), IntegerField()) if number else (Value(""), TextField())
        first = Subquery(of_product.values(name)[:1], output_field=type_)
        columns[f"own_{name}"] = Coalesce(F(name), blank, output_field=type_)
        columns[f"first_{name}"] = Coalesce(first, blank, output_field=type_)
    same = Q(**{f"own_{name}": F(f"first_{name}") for name in PICTURE})
    for product in Product.objects.annotate(**columns).exclude(same):
        yield Difference(
            check="pictures",
            subject=f"product {product.pk}",
            detail="its picture is not the first of its pictures",
            mend=partial(mend_pictures, product.pk),
        )
    for variant in ProductVariant.objects.exclude(image=None).exclude(product=F("image__product")):
        yield Difference(
            check="pictures",
            subject=f"variant {variant.pk}",
            detail=f"points at picture {variant.image_id} of another product",
        )


@transaction.atomic
def mend_pictures(pk: int) -> None:
    """Copy the first picture to the product again.

    Locks:
        The product.
    """
    for product in lock_products({pk}).values():
        copy_first(product, product.images.order_by("position", "pk").first())
        product.save(update_fields=PICTURE)
