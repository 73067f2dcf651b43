"""The values of attributes and options that a filter asks for, by slug or name, and their keys."""

from collections.abc import Collection, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from django.db.models import OuterRef, Q

from catalog.models import AttributeValue, ProductValue
from catalog.visibility import is_listed
from core.counting import CountUpTo
from core.slugs import distinct_slug
from core.text import sort_key

# The products with a value, or of a category, are counted up to this number to find out which are the fewest.
COMMON = 5_000

Parent = TypeVar("Parent", bound=Hashable)
Item = TypeVar("Item")


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Values of an attribute or of an option, by slug or name, of which a product must have one."""

    attribute: str  # its slug or name
    values: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """The same by key. There are about `size` rows of products with these values."""

    attribute: str  # its slug
    values: tuple[int, ...]
    size: int


def is_named(asked: Iterable[tuple[Any, str]], *, prefix: str = "") -> Q:
    """Match the attributes or values with one of these texts as their slug or name. Each comes with its parent."""
    texts = {text for _, text in asked}
    slugs, names = [*map(distinct_slug, texts)], [*map(sort_key, texts)]
    return Q(**{f"{prefix}slug__in": slugs}) | Q(**{f"{prefix}sort_name__in": names})


def match_names(
    asked: Collection[tuple[Parent, str]], rows: Iterable[tuple[Parent, str, str, Item]]
) -> dict[tuple[Parent, str], Item]:
    """Find the row of each text, by its slug first, and then by its name. Leave out texts that have none.

    A row is its parent, its slug, its `sort_name`, and what is returned for it.
    """
    by_slug: dict[tuple[Parent, str], Item] = {}
    by_name: dict[tuple[Parent, str], Item] = {}
    for parent, slug, name, item in rows:
        by_slug[parent, slug] = by_name[parent, name] = item
    found = {
        (parent, text): by_slug.get((parent, distinct_slug(text)), by_name.get((parent, sort_key(text))))
        for parent, text in asked
    }
    return {key: item for key, item in found.items() if item is not None}


def find_chosen(
    attributes: Sequence[Asked], options: Sequence[Asked]
) -> tuple[tuple[Chosen, ...], tuple[Chosen, ...]]:
    """Read the keys of the values, and count the products that have each. Takes one statement."""
    asked = [(False, each) for each in attributes] + [(True, each) for each in options]
    values = AttributeValue.objects.filter(
        is_named((None, text) for _, each in asked for text in each.values),
        is_named(((None, each.attribute) for _, each in asked), prefix="attribute__"),
        attribute__of_options__in={kind for kind, _ in asked},
    )
    size = CountUpTo(ProductValue.objects.filter(is_listed(), value=OuterRef("pk")), most=COMMON)
    names = [f"attribute__{name}" for name in ("of_options", "slug", "sort_name")]
    rows = [*values.order_by().values_list(*names, "slug", "sort_name", "pk", size)]
    parents = match_names(
        {(kind, each.attribute) for kind, each in asked},
        [(kind, slug, name, (kind, slug)) for kind, slug, name, *_ in rows],
    )
    found = match_names(
        {(parents.get((kind, each.attribute)), text) for kind, each in asked for text in each.values},
        [((kind, parent), slug, name, (pk, size)) for kind, parent, _, slug, name, pk, size in rows],
    )
    chosen: dict[bool, list[Chosen]] = {False: [], True: []}
    for kind, each in asked:
        parent = parents.get((kind, each.attribute))
        sizes = dict(found[parent, text] for text in each.values if (parent, text) in found)
        slug = parent[1] if parent else each.attribute
        chosen[kind].append(Chosen(attribute=slug, values=tuple(sizes), size=sum(sizes.values())))
    return tuple(chosen[False]), tuple(chosen[True])
