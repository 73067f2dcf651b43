"""Writes of products' pictures. The product keeps a copy of the first one, so that lists read one table.

The functions run in their caller's transaction. The lock on a product is the lock on its pictures.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import TypeAlias, TypedDict

from django.core.files import File
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from catalog.announcing import announce_deletion
from catalog.models import MAX_IMAGES, Category, Product, ProductImage
from core import images
from core.errors import ValidationError, field_errors

PICTURE = ("image", "image_width", "image_height", "image_placeholder", "image_alt")
WRITTEN = ("product", "position", *PICTURE)

# The pictures of a product in order, by the names of their files.
Pictures: TypeAlias = Mapping[str, ProductImage]
# The stored picture of each upload.
Stored: TypeAlias = Mapping[File[bytes], images.StoredImage]


class PictureFields(TypedDict, total=False):
    """A picture in the list of all pictures of a product: one that it has, or a new one."""

    id: str  # the name of its file
    upload: File[bytes]
    alt: str  # a missing one stays as it is


def too_many() -> str:
    return _("A product can have at most %(most)s pictures.") % {"most": MAX_IMAGES}


@contextmanager
def store_uploads(uploads: Mapping[str, File[bytes]]) -> Iterator[Stored]:
    """Store the uploads, which stand at these paths of the input, and delete the files if the block fails.

    An upload that stands at several paths is stored once. Enter it before the transaction opens, because decoding takes
    long.

    Raises:
        ValidationError: there are too many, or names an upload that is not an acceptable picture.
        RateLimited: other pictures are being decoded.
    """
    if len({*uploads.values()}) > MAX_IMAGES:
        raise ValidationError.of(images=too_many())
    stored: dict[File[bytes], images.StoredImage] = {}
    with ExitStack() as files:
        for path, upload in uploads.items():
            if upload not in stored:
                picture = files.enter_context(images.store_upload(upload, folder="products", field=path))
                assert picture
                stored[upload] = picture
        yield stored


def pictures_of(product: Product) -> dict[str, ProductImage]:
    """Read the pictures of a product."""
    return {picture.name: picture for picture in product.images.order_by("position", "pk")}


def build_picture(stored: images.StoredImage, *, alt: str = "") -> ProductImage:
    picture = ProductImage(image_alt=alt)
    set_picture(picture, stored)
    return picture


def arrange(wanted: Sequence[PictureFields], *, before: Pictures, stored: Stored) -> dict[str, ProductImage]:
    """Build the pictures of the list in memory.

    An existing picture that is gone by now is left out: somebody else has deleted it while this list was put in order.

    Raises:
        ValidationError: names the input's fields.
    """
    pictures: dict[str, ProductImage] = {}
    for place, fields in enumerate(wanted):
        if ("upload" in fields) == ("id" in fields):
            raise ValidationError.of(
                **{f"images.{place}": _("Give either the ID of a picture or a new one.")}
            )
        if "upload" in fields:
            picture = build_picture(stored[fields["upload"]])
        elif fields["id"] in before:
            picture = before[fields["id"]]
        else:
            continue
        if "alt" in fields:
            picture.image_alt = fields["alt"]
            with field_errors(f"images.{place}.", image_alt="alt"):
                picture.clean_fields(exclude=["product", "image"])
        pictures[picture.name] = picture
    return pictures


def save_pictures(product: Product, pictures: Pictures, *, before: Pictures) -> None:
    """Make these the pictures of the product, whose row the caller has inserted or locked, and copy the first one.

    Variants that point at a removed picture show the first one from now on. The files of the removed ones are deleted
    after the commit.

    Raises:
        ValidationError: there are too many.
    """
    if len(pictures) > MAX_IMAGES:
        raise ValidationError.of(images=too_many())
    removed = [picture for name, picture in before.items() if name not in pictures]
    if removed:
        ProductImage.objects.filter(pk__in=[picture.pk for picture in removed]).delete()
    for position, picture in enumerate(pictures.values()):
        picture.product, picture.position = product, position
    ProductImage.objects.bulk_create(
        pictures.values(), update_conflicts=True, unique_fields=["id"], update_fields=WRITTEN
    )
    copy_first(product, next(iter(pictures.values()), None))
    product.save(update_fields=(*PICTURE, "updated_at"))
    delete_files_after_commit(*(picture.name for picture in removed))


def copy_first(product: Product, first: ProductImage | None) -> None:
    """Copy the columns of the first picture to the product, in memory."""
    first = first or ProductImage()
    product.image = first.image.name or ""
    product.image_width, product.image_height = first.image_width, first.image_height
    product.image_placeholder, product.image_alt = first.image_placeholder, first.image_alt


def delete_with_pictures(product: Product) -> None:
    """Delete the product, which the caller has locked. The files of its pictures follow after the commit."""
    names = list(product.images.values_list("image", flat=True))
    announce_deletion(product.pk, now=timezone.now())
    product.delete()
    delete_files_after_commit(*names)


def set_picture(row: Product | ProductImage | Category, picture: images.StoredImage | None) -> None:
    """Set the columns of the row's picture in memory."""
    row.image = picture.name if picture else ""
    row.image_width = picture.width if picture else None
    row.image_height = picture.height if picture else None
    row.image_placeholder = picture.placeholder if picture else ""


def delete_files_after_commit(*names: str | None) -> None:
    """Delete the pictures' files after the commit. A failure is logged: a leftover file does not undo the change."""
    for name in filter(None, names):
        transaction.on_commit(partial(images.delete, name), robust=True)
