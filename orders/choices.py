"""What a shopper chooses: a variant, or a product that has only one."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from catalog.models import ProductVariant
from catalog.visibility import is_published
from core.errors import NotFound, ValidationError


@dataclass(frozen=True)
class Choice:
    """A variant by its primary key, or the only variant of a product by that of the product."""

    key: int
    by_product: bool = False

    @property
    def field(self) -> str:
        """The input's field that names it."""
        return "productId" if self.by_product else "variantId"

    @property
    def noun(self) -> str:
        return "product" if self.by_product else "variant"

    def lookup(self) -> dict[str, int]:
        """Return the condition on rows that name a product and a variant."""
        return {f"{self.noun}_id": self.key}

    def refuse_several(self) -> ValidationError:
        return ValidationError.of(**{self.field: _("This product has several variants. Please choose one.")})


def find_variant(choice: Choice) -> ProductVariant:
    """Return the chosen variant, with its product.

    Raises:
        NotFound: it does not exist, or its product is not published.
        ValidationError: the product has several.
    """
    condition = {"product_id" if choice.by_product else "pk": choice.key}
    sold = ProductVariant.objects.filter(is_published("product__"), **condition)
    found = sold.select_related("product").order_by("pk")[:2]
    variants = list(found)
    if not variants:
        raise NotFound(_("No such product."))
    if len(variants) > 1:
        raise choice.refuse_several()
    return variants[0]
