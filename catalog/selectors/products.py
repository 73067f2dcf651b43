"""Reads of products and variants, by who sees them."""

from django.db.models import Exists, F, OuterRef, QuerySet
from django.db.models.expressions import RawSQL

from accounts.models import User
from catalog.models import FEW_LEFT, Product, ProductVariant
from catalog.visibility import is_draft, is_published, is_seen_by, is_to_come, sees_drafts

# A literal, as in `running_out`: with a parameter no database can use a partial index, whose condition might not hold.
ZERO = RawSQL("0", ())


def products() -> QuerySet[Product]:
    """The published products, which everyone sees."""
    return Product.objects.filter(is_published())


def products_seen_by(viewer: User | None) -> QuerySet[Product]:
    """The published products, and those that only this person sees: their own, or all of them for the staff."""
    return Product.objects.filter(is_seen_by(viewer))


def product_in_preview(key: int) -> QuerySet[Product]:
    """The product of a preview's token, published or not."""
    return Product.objects.filter(pk=key)


def unpublished_products(viewer: User) -> QuerySet[Product]:
    """The products that this person sees and shoppers do not: drafts, and those whose time has not come."""
    own = Product.objects.order_by()
    if not sees_drafts(viewer):
        own = own.filter(user=viewer)
    drafts, to_come = (own.filter(condition).values("pk") for condition in (is_draft(), is_to_come()))
    # Each half seeks an index, which no database does for one condition with OR.
    return Product.objects.filter(pk__in=drafts.union(to_come, all=True))


def running_out() -> QuerySet[Product]:
    """The products with FEW_LEFT or fewer in stock."""
    return Product.objects.filter(stock__lte=RawSQL(str(FEW_LEFT), ()))


def fully_held() -> QuerySet[Product]:
    """The products with a variant that is sold out while unpaid orders hold some of it."""
    held = ProductVariant.objects.filter(stock=0, held__gt=ZERO)
    return Product.objects.filter(pk__in=held.values("product"))


def favourites() -> QuerySet[Product]:
    """Published favourites, once for each person who has them.

    Filter by `fan_id`, the person's key: a condition on `favourites` would join that table a second time.
    `favourite_id` orders the favourites by when they were added.
    """
    return products().annotate(favourite_id=F("favourites__id"), fan_id=F("favourites__user_id"))


def editable_products(user: User) -> QuerySet[Product]:
    """The products that a person with the permission may change: their own, or all products for the staff."""
    return Product.objects.all() if user.acts_as_staff else Product.objects.filter(user=user)


def variants() -> QuerySet[ProductVariant]:
    """All variants. Those of a product are in the order in which its seller has put them."""
    return ProductVariant.objects.order_by("position", "pk")


def variants_seen_by(viewer: User | None) -> QuerySet[ProductVariant]:
    return ProductVariant.objects.filter(is_seen_by(viewer, "product__"))


def mark_several(products: QuerySet[Product]) -> QuerySet[Product]:
    """Annotate `has_several`: whether the product has more than one variant."""
    second = ProductVariant.objects.filter(product=OuterRef("pk")).order_by()[1:2]
    return products.annotate(has_several=Exists(second))
