"""Pictures in files: found in a folder, put in order among those that a product has, and written in few statements.

A file adds and describes pictures, and never removes one.
"""

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path, PurePath

from django.core.files.base import ContentFile

from catalog.exchange.rows import ProductRow
from catalog.models import MAX_IMAGES, ProductImage
from catalog.pictures import WRITTEN, build_picture, too_many
from core import images
from core.errors import ValidationError


@dataclass(frozen=True, kw_only=True)
class Named:
    """A picture that a row names: one that the product has, or one that was just stored. An empty text says nothing."""

    name: str
    stored: images.StoredImage | None
    alt: str = ""


@dataclass(kw_only=True)
class Gallery:
    """The pictures that the rows of a product name, in order, and those of its variants by their lines."""

    by_line: list[tuple[int, Named]] = field(default_factory=list)
    of_variants: dict[int, Named] = field(default_factory=dict)

    @property
    def pictures(self) -> list[Named]:
        return [picture for _, picture in self.by_line]

    def without(self, lines: Collection[int], *, head: int) -> "Gallery":
        """Return the pictures of the other lines. That of the `head` is the product's own, and stays."""
        return Gallery(
            by_line=[(line, picture) for line, picture in self.by_line if line == head or line not in lines],
            of_variants={line: each for line, each in self.of_variants.items() if line not in lines},
        )

    def __bool__(self) -> bool:
        return bool(self.by_line or self.of_variants)

    @property
    def named(self) -> list[Named]:
        """All of them, each once. A variant's picture comes after the product's own."""
        by_name: dict[str, Named] = {}
        for picture in (*self.pictures, *self.of_variants.values()):
            also = by_name.get(picture.name, picture)
            by_name[picture.name] = Named(
                name=picture.name, stored=also.stored or picture.stored, alt=also.alt or picture.alt
            )
        return list(by_name.values())

    def stored_names(self) -> set[str]:
        return {picture.name for picture in self.named if picture.stored}


class Folder:
    """The folder that the pictures of a file are in."""

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()

    def find(
        self, path: str, *, column: str, slug: str, known: Collection[str], alt: str, files: ExitStack
    ) -> Named:
        """Return the picture, and store it as `images.store_upload` does unless it is one of the `known` names.

        The name is a hash of the content, which recognizes the same picture again, and of the slug, so that no two
        products share a file.

        Raises:
            ValidationError: the folder has no such file, or it is not an acceptable picture.
        """
        if path in known:
            return Named(name=path, stored=None, alt=alt)
        data = self.content(path, column=column)
        token = hashlib.sha256(f"{slug}\n".encode() + data).hexdigest()[:32]
        for name in known:
            if PurePath(name).stem == token:
                return Named(name=name, stored=None, alt=alt)
        upload = images.store_upload(ContentFile(data), folder="products", field=column, token=token)
        stored = files.enter_context(upload)
        assert stored
        return Named(name=stored.name, stored=stored, alt=alt)

    def content(self, path: str, *, column: str) -> bytes:
        """Read the picture, at most one byte beyond the largest size allowed.

        Raises:
            ValidationError: the folder has no file of this name.
        """
        try:
            file = (self.path / path).resolve()
            if file.is_relative_to(self.path) and file.is_file():
                with file.open("rb") as opened:
                    return opened.read(images.MAX_BYTES + 1)
        except OSError:
            pass  # the file system refuses the name, or the file may not be read
        raise ValidationError.of(**{column: "The folder of pictures has no file of this name."})

    def take(
        self, gallery: Gallery, row: ProductRow, *, slug: str, known: Collection[str], files: ExitStack
    ) -> Iterator[ValidationError]:
        """Add the pictures that the row names, and yield an error for each that cannot be taken."""
        known = {*known, *(picture.name for picture in gallery.named)}
        found = {}
        for column in ("image", "variant_image"):
            if column not in row.cells:
                continue
            alt = row.cells.get("image_alt", "") if column == "image" else ""
            try:
                found[column] = self.find(
                    row.cells[column], column=column, slug=slug, known=known, alt=alt, files=files
                )
            except ValidationError as error:
                yield error
        if "image" in found:
            gallery.by_line.append((row.line, found["image"]))
        if "variant_image" in found:
            # Several variants of one line have one picture, which the first of them has stored.
            gallery.of_variants.setdefault(row.line, found["variant_image"])


def in_order(rows: list[ProductRow]) -> list[ProductRow]:
    """Sort rows by the positions of their pictures, if all pictures have one, as in Shopify's files."""
    positions = [row.cells.get("image_position", "") for row in rows if "image" in row.cells]
    if not all(position.isdecimal() for position in positions):
        return rows
    return sorted(rows, key=lambda row: int(row.cells.get("image_position", 0)))


def read_pictures(products: Collection[int]) -> dict[int, list[ProductImage]]:
    """Read the pictures of products by the products' keys, in order."""
    pictures: dict[int, list[ProductImage]] = {key: [] for key in products}
    for picture in ProductImage.objects.filter(product__in=products).order_by("product", "position", "pk"):
        pictures[picture.product_id].append(picture)
    return pictures


def arrange(
    gallery: Gallery, before: Sequence[ProductImage]
) -> tuple[list[ProductImage], list[ProductImage]]:
    """Return the product's pictures in order, and those of them that change.

    The named ones that it has take each other's places, in the order of the file. A new one stands behind the one that
    the file has before it; one that only a variant shows, at the end. The others stay where they are.

    Raises:
        ValidationError: there are too many.
    """
    pictures = {picture.name: picture for picture in before}
    order = [*pictures]
    # One that is neither stored nor there was deleted in the meantime, and stays deleted.
    named = [each for each in gallery.named if each.stored or each.name in pictures]
    names = {each.name for each in gallery.pictures}
    kept = iter([each.name for each in named if each.name in pictures and each.name in names])
    order = [next(kept) if name in names else name for name in order]
    place = 0
    changed: set[str] = set()
    for each in named:
        if each.name not in pictures:
            assert each.stored
            pictures[each.name] = build_picture(each.stored)
            order.insert(place if each.name in names else len(order), each.name)
            changed.add(each.name)
        place = order.index(each.name) + 1
        if each.alt and each.alt != pictures[each.name].image_alt:
            pictures[each.name].image_alt = each.alt
            changed.add(each.name)
    if len(order) > max(MAX_IMAGES, len(before)):
        raise ValidationError.of(image=too_many())
    if order != [picture.name for picture in before]:
        for position, name in enumerate(order):
            if pictures[name].position != position:
                pictures[name].position = position
                changed.add(name)
    return [pictures[name] for name in order], [pictures[name] for name in order if name in changed]


def write_pictures(pictures: Iterable[tuple[int, ProductImage]]) -> None:
    """Write new and changed pictures of these products, which the caller has locked."""
    rows = []
    for product, picture in pictures:
        picture.product_id = product
        rows.append(picture)
    ProductImage.objects.bulk_create(rows, update_conflicts=True, unique_fields=["id"], update_fields=WRITTEN)


def keys_by_name(products: Collection[int]) -> Mapping[int, Mapping[str, int]]:
    """Read the keys of the pictures of products, by the products' keys and the names of the files."""
    keys: dict[int, dict[str, int]] = defaultdict(dict)
    for product, name, key in ProductImage.objects.filter(product__in=products).values_list(
        "product", "image", "pk"
    ):
        keys[product][name] = key
    return keys
