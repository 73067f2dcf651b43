"""Reads of the tree of categories."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, CharField, Exists, F, OuterRef, Q, QuerySet, Value, When
from django.db.models.functions import Cast, Concat, LPad
from django.db.models.lookups import GreaterThan

from catalog.models import MAX_LEVELS, Category, keys_in

# Comes after every digit, so that it ends the range of the paths below a path.
AFTER_DIGITS = ":"


def within(path: Any) -> Q:
    """Match the category with this path and everything below it, as a range of the index on the path."""
    start = path if hasattr(path, "resolve_expression") else Value(path)
    return Q(path__gte=start, path__lt=Concat(start, Value(AFTER_DIGITS)))


def expand(categories: QuerySet[Category]) -> QuerySet[Category]:
    """The categories with everything below them."""
    end = Concat("path", Value(AFTER_DIGITS))
    above = categories.order_by().filter(GreaterThan(end, OuterRef("path")), path__lte=OuterRef("path"))
    return Category.objects.order_by().filter(Exists(above))


@dataclass(frozen=True, kw_only=True)
class Branch:
    """Categories with everything below them: the `keys` of all, and of the `tops`, which are below no other of them."""

    keys: tuple[int, ...]
    tops: tuple[int, ...]

    def __and__(self, other: "Branch") -> "Branch":
        """Return the branch of the categories that are in both."""
        ours, theirs = {*self.keys}, {*other.keys}
        tops = {key for key in self.tops if key in theirs} | {key for key in other.tops if key in ours}
        return Branch(keys=tuple(sorted(ours & theirs)), tops=tuple(sorted(tops)))


def find_branch(categories: QuerySet[Category]) -> Branch:
    """Read the categories and everything below them as one branch. Takes one statement."""
    paths = {key: keys_in(path)[:-1] for key, path in expand(categories).values_list("pk", "path")}
    return Branch(
        keys=tuple(paths), tops=tuple(key for key, above in paths.items() if paths.keys().isdisjoint(above))
    )


def find_branches(keys: Collection[int]) -> dict[int, list[int]]:
    """Return the keys of each of these categories with everything below it. Takes one statement."""
    branches: dict[int, list[int]] = {key: [] for key in keys}
    for key, path in expand(Category.objects.filter(pk__in=keys)).values_list("pk", "path"):
        for other in keys_in(path):
            if other in branches:
                branches[other].append(key)
    return branches


def categories() -> QuerySet[Category]:
    """All categories, level by level from the top. Siblings stand in their order: by position, then by name."""
    return Category.objects.order_by("level", "position", "sort_name", "pk")


# Of the largest key. Numbers of one length compare as texts.
DIGITS = 19
# Comes before every character of a name, so that a name comes before those that begin with it.
END_OF_NAME = Value("\x01")


def categories_in_tree_order() -> QuerySet[Category]:
    """All categories, each below its parent, for pages that show the whole tree."""
    return Category.objects.order_by(tree_order())


def tree_order() -> Concat:
    """Return an expression of the place in the tree. It reads the parents through joins, one for each level."""
    parents = ["parent__" * level for level in reversed(range(MAX_LEVELS))]
    return Concat(*map(own_order, parents), output_field=CharField())


def own_order(prefix: str) -> Case:
    """Return an expression of the order among siblings, for a category or one above it; empty if there is none."""
    number = CharField()
    order = Concat(
        LPad(Cast(f"{prefix}position", number), DIGITS, Value("0")),
        F(f"{prefix}sort_name"),
        END_OF_NAME,
        LPad(Cast(f"{prefix}id", number), DIGITS, Value("0")),
        output_field=CharField(),
    )
    return Case(When(**{f"{prefix}id__isnull": False}, then=order), default=Value(""))
