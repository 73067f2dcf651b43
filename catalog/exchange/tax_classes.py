"""Tax classes in files: found by name or slug, and never created, because they need rates."""

from collections.abc import Iterable, Mapping

from catalog.exchange.grouping import Group
from catalog.models import TaxClass
from core.errors import ValidationError
from core.slugs import slugify
from core.text import sort_key


def read_tax_classes(groups: Iterable[Group]) -> dict[str, TaxClass]:
    """Read the tax classes by the texts that mean them, if any of the rows names one.

    WooCommerce's files have a class's slug, `reduced-rate`. The name of another class is the better match.
    """
    if not any("tax_class" in row.cells for group in groups for row in group.rows):
        return {}
    classes = list(TaxClass.objects.all())
    return {slugify(each.name) or each.sort_name: each for each in classes} | {
        each.sort_name: each for each in classes
    }


def find_tax_class(name: str, *, among: Mapping[str, TaxClass]) -> TaxClass:
    """Return the tax class of this name, in any case.

    Raises:
        ValidationError: there is none.
    """
    found = among.get(sort_key(name)) or among.get(slugify(name))
    if found is None:
        raise ValidationError.of(tax_class=f"There is no tax class “{name}”. Add it in the admin first.")
    return found
