"""Categories in files: found by name, slug or path, and created where they are missing."""

from collections.abc import Iterable

from catalog.categories import insert
from catalog.exchange.rows import JOINT
from catalog.models import Category
from core.errors import ValidationError
from core.text import sort_key

# The number of paths that a refusal names.
MAX_NAMED = 5


class Categories:
    """The categories of the shop by the texts that mean them.

    A path is followed from the top, and case makes no difference. A single text is the name of a category at the top,
    or else the name of any, a slug, or a name in another case.
    """

    def __init__(self, rows: Iterable[tuple[int, int | None, str, str]]) -> None:
        """`rows` are the keys, the parents' keys, the names and the slugs."""
        self.by_place: dict[tuple[int | None, str], int] = {}
        self.by_text: dict[str, list[int]] = {}
        self.parents: dict[int, int | None] = {}
        self.names: dict[int, str] = {}
        for pk, parent, name, slug in rows:
            self.add(pk, parent=parent, name=name, slug=slug)

    def add(self, pk: int, *, parent: int | None, name: str, slug: str) -> None:
        self.parents[pk], self.names[pk] = parent, name
        self.by_place[parent, sort_key(name)] = pk
        for text in ("n" + name, "s" + slug, "c" + sort_key(name)):
            self.by_text.setdefault(text, []).append(pk)

    def key(self, text: str) -> int | None:
        """Return the key of the category that the text means; None if there is none.

        Raises:
            ValidationError: it is the name of several, none of which is at the top.
        """
        path = text.split(JOINT)
        if len(path) > 1:
            key, missing = self.follow(path)
            return None if missing else key
        for kind, word in (("n", text), ("s", text), ("c", sort_key(text))):
            found = self.by_text.get(kind + word, [])
            at_top = [key for key in found if self.parents[key] is None]
            for keys in (at_top, found):
                if len(keys) == 1:
                    return keys[0]
            if found:
                paths = [f"“{self.path(key)}”" for key in found[:MAX_NAMED]]
                raise ValidationError.of(
                    category=f"{len(found)} categories have this name. Write the path of one: {', '.join(paths)}."
                )
        return None

    def has(self, text: str) -> bool:
        """Whether nothing is missing: the text means a category, or is refused because it means several."""
        try:
            return self.key(text) is not None
        except ValidationError:
            return True

    def find_or_create(self, text: str) -> int:
        """Return the category's key. Create what is missing of its path, under the tree's lock.

        Raises:
            ValidationError: the text means several categories.
        """
        key = self.key(text)
        if key is not None:
            return key
        key, missing = self.follow(text.split(JOINT))
        for name in missing:
            category = insert(Category(name=name, parent_id=key))
            self.add(category.pk, parent=key, name=name, slug=category.slug)
            key = category.pk
        assert key is not None  # a text has at least one name
        return key

    def follow(self, path: list[str]) -> tuple[int | None, list[str]]:
        """Follow the path from the top. Return the last category that exists, and the names below it that do not."""
        key = None
        for number, name in enumerate(path):
            below = self.by_place.get((key, sort_key(name)))
            if below is None:
                return key, path[number:]
            key = below
        return key, []

    def path(self, key: int) -> str:
        """Return the path of names from the top."""
        names: list[str] = []
        step: int | None = key
        while step is not None:
            names.insert(0, self.names[step])
            step = self.parents[step]
        return JOINT.join(names)


def read_categories() -> Categories:
    return Categories(Category.objects.order_by("pk").values_list("pk", "parent", "name", "slug"))
