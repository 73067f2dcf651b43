"""The catalogue's personal data: favourites and stock notices. Products are the shop's, and have their own export."""

from typing import Any

from django.db.models import QuerySet
from django.dispatch import receiver
from django.utils.translation import gettext_lazy

from accounts.models import User
from accounts.signals import account_closing, data_requested
from catalog.models import Favourite, Product, StockNotice
from catalog.visibility import is_published
from core.errors import ValidationError

SELLS = gettext_lazy(
    "Products are sold under your name. Delete them, or ask the staff to give them to another seller, first."
)


@receiver(account_closing)
def refuse_sellers(*, user: User, **_: Any) -> None:
    """Refuse to delete the account of a person with products. Favourites are deleted with the user.

    Raises: ValidationError.
    """
    if Product.objects.filter(user=user).exists():
        raise ValidationError.of(**{"": SELLS})


@receiver(account_closing)
def stop_notices(*, user: User, **_: Any) -> None:
    notices_of(user).delete()


@receiver(data_requested)
def collect(*, user: User, **_: Any) -> dict[str, Any]:
    """Return the person's favourites and stock notices, the latest first."""
    favourites = Favourite.objects.filter(is_published("product__"), user=user).order_by("-added_at", "-pk")
    return {
        "favourites": [
            {"product": name, "slug": slug, "addedAt": added_at}
            for name, slug, added_at in favourites.values_list("product__name", "product__slug", "added_at")
        ],
        "stockNotices": [
            {
                "product": notice.variant.product.name,
                "variant": notice.variant.title,
                "email": notice.email,
                "askedAt": notice.asked_at,
            }
            for notice in notices_of(user).select_related("variant__product").order_by("-asked_at", "-pk")
        ],
    }


def notices_of(user: User) -> QuerySet[StockNotice]:
    """The notices to the person's address. Until it is verified, it may be another person's."""
    notices = StockNotice.objects.filter(email=user.email)
    return notices if user.email_verified else notices.none()
