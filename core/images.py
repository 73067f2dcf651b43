"""Uploaded pictures: checking, decoding, cleaning, re-encoding, thumbnails and storage."""

import base64
import re
import secrets
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from io import BytesIO

from django.core.files import File
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, Storage, default_storage
from PIL import Image, ImageCms, ImageOps

from core.errors import RateLimited, ValidationError

MAX_BYTES = 10 * 1024 * 1024
# A decoded picture takes 4 bytes a pixel, and some conversions double that.
MAX_PIXELS = 40_000_000
# A JPEG of one scan is decoded at half its size or less. Phones take such pictures, of 48 megapixels and more.
MAX_JPEG_PIXELS = 120_000_000
# Colour profiles of printing presses have 2 MB. Little CMS would spend seconds on one of 10 MB.
MAX_PROFILE_BYTES = 4 * 1024 * 1024
# A process decodes one picture at a time, which bounds its memory. One more may wait: each waiting upload takes a
# thread away from shoppers. The others are refused and may be sent again.
WAIT_SECONDS = 5.0
RETRY_SECONDS = 3
# A progressive JPEG can repeat a 60-byte scan, and each is a pass over all pixels: 10 MB of them take an hour.
MAX_JPEG_SCANS = 100
MAX_SIDE = 2048
PLACEHOLDER_SIDE = 16

TOO_MANY_BYTES = f"The picture is larger than {MAX_BYTES // 1024**2} MB. Please choose a smaller one."
TOO_MANY_PIXELS = "The picture has more than {} megapixels. Please choose a smaller one."
BUSY = "Other pictures are being processed. Please try again in a few seconds."
UNREADABLE = (
    "The picture cannot be read. Please choose a JPEG, PNG, WebP or AVIF file that opens on your device."
)

FORMATS = ("JPEG", "PNG", "WEBP", "AVIF")
# Pillow warns above its own, lower bound.
Image.MAX_IMAGE_PIXELS = MAX_JPEG_PIXELS
SRGB = ImageCms.createProfile("sRGB")
# A JPEG marker, except for the ones inside compressed data: a stuffed byte, a filler, a restart.
JPEG_MARKER = re.compile(rb"\xff([^\x00\x01\xff\xd0-\xd8])")
JPEG_START_OF_SCAN, JPEG_END = b"\xda", b"\xd9"

decoding = threading.Lock()
decoding_or_waiting = threading.BoundedSemaphore(2)


class InvalidImage(Exception):
    """The upload is not an acceptable picture. The text may be shown to the shopper."""


class ThumbnailSize(Enum):
    """The thumbnails of a picture. The value is the longest side in pixels."""

    SMALL = 160
    MEDIUM = 400
    LARGE = 800


@dataclass(frozen=True, kw_only=True)
class PreparedImage:
    """A cleaned picture in memory.

    `main` is JPEG, or WebP if it has transparency; `suffix` says which. Thumbnails are WebP and never larger than
    the picture. `placeholder` is a data URI, so tiny that it looks blurred.
    """

    main: ContentFile[bytes]
    suffix: str
    width: int
    height: int
    thumbnails: Mapping[ThumbnailSize, ContentFile[bytes]]
    placeholder: str


@dataclass(frozen=True, kw_only=True)
class StoredImage:
    """A stored picture as its row describes it, so that showing it opens no file."""

    name: str
    width: int
    height: int
    placeholder: str


def prepare(upload: File[bytes]) -> PreparedImage:
    """Decode an upload and encode it again: upright, in sRGB, without metadata, within MAX_SIDE.

    At most MAX_BYTES are read, and nothing over MAX_PIXELS is decoded. The result is kept on the upload, because a
    form checks a picture that is stored later.

    Raises: InvalidImage; RateLimited, while other pictures are being decoded.
    """
    known: PreparedImage | None = getattr(upload, "prepared", None)
    if known is None:
        upload.seek(0)
        data = upload.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise InvalidImage(TOO_MANY_BYTES)
        with _take_turn():
            known = _reencode(data)
        upload.prepared = known  # type: ignore[attr-defined]  # our own attribute
    return known


@contextmanager
def _take_turn() -> Iterator[None]:
    """Let one thread at a time run the block.

    Raises: RateLimited, where another thread is waiting already, and after WAIT_SECONDS.
    """
    if not decoding_or_waiting.acquire(blocking=False):
        raise RateLimited(BUSY, retry_after_seconds=RETRY_SECONDS)
    try:
        if not decoding.acquire(timeout=WAIT_SECONDS):
            raise RateLimited(BUSY, retry_after_seconds=RETRY_SECONDS)
        try:
            yield
        finally:
            decoding.release()
    finally:
        decoding_or_waiting.release()


def _reencode(data: bytes) -> PreparedImage:
    try:
        picture = _decode(data)
    except InvalidImage:
        raise
    except Exception as error:  # Pillow's parsers raise whatever they trip over
        raise InvalidImage(UNREADABLE) from error
    opaque = picture.mode == "RGB"
    return PreparedImage(
        main=_encode_jpeg(picture) if opaque else _encode_webp(picture),
        suffix=".jpg" if opaque else ".webp",
        width=picture.width,
        height=picture.height,
        thumbnails={size: _encode_webp(_shrink(picture, size.value)) for size in ThumbnailSize},
        placeholder=_make_placeholder(picture),
    )


def store(
    prepared: PreparedImage, *, folder: str, token: str | None = None, storage: Storage = default_storage
) -> StoredImage:
    """Write the picture and its thumbnails under a random name. A failure leaves no files behind.

    `token` replaces the random name, for a caller who knows that it is unused: files under it are overwritten.
    """
    name = f"{folder}/{token or secrets.token_hex(16)}{prepared.suffix}"
    if token:
        delete(name, storage=storage)  # left by a process that was killed
    try:
        for size, thumbnail in prepared.thumbnails.items():
            storage.save(thumbnail_name(name, size), thumbnail)
        storage.save(name, prepared.main)
    except BaseException:
        delete(name, storage=storage)
        raise
    return StoredImage(
        name=name, width=prepared.width, height=prepared.height, placeholder=prepared.placeholder
    )


@contextmanager
def store_upload(
    upload: File[bytes] | None, *, folder: str, field: str, token: str | None = None
) -> Iterator[StoredImage | None]:
    """Store an upload for a block that writes its row, and delete the files if the block fails.

    Enter it before the transaction opens, because decoding takes long.

    Raises: ValidationError on `field`, where the upload is not an acceptable picture; RateLimited.
    """
    try:
        picture = store(prepare(upload), folder=folder, token=token) if upload else None
    except InvalidImage as error:
        raise ValidationError.of(**{field: str(error)}) from error
    try:
        yield picture
    except BaseException:
        if picture:
            delete(picture.name)
        raise


def delete(name: str, *, storage: Storage = default_storage) -> None:
    """Remove a stored picture and its thumbnails. Missing files are ignored."""
    for file_name in (name, *(thumbnail_name(name, size) for size in ThumbnailSize)):
        storage.delete(file_name)


def thumbnail_name(name: str, size: ThumbnailSize) -> str:
    """The storage name of a thumbnail of the picture stored as `name`."""
    stem, _, _ = name.rpartition(".")
    return f"{stem}-{size.name.lower()}.webp"


def url(name: str) -> str:
    """The URL of a stored file. Only a file system's URLs are cached: others may be signed, and expire."""
    return (
        file_system_url(name) if isinstance(default_storage, FileSystemStorage) else default_storage.url(name)
    )


@lru_cache(maxsize=10_000)
def file_system_url(name: str) -> str:
    return default_storage.url(name)


def _decode(data: bytes) -> Image.Image:
    """Decode the picture to RGB, or to RGBA if some of it is transparent, without metadata.

    Raises: InvalidImage, and anything that Pillow's parsers raise.
    """
    picture: Image.Image = Image.open(BytesIO(data), formats=FORMATS)
    scans = _count_jpeg_scans(data) if picture.format == "JPEG" else 0
    # With several scans the decoder keeps the coefficients of the whole picture in memory.
    most = MAX_JPEG_PIXELS if scans == 1 else MAX_PIXELS
    if picture.width * picture.height > most:
        raise InvalidImage(TOO_MANY_PIXELS.format(most // 1_000_000))
    if scans > MAX_JPEG_SCANS:
        raise InvalidImage(UNREADABLE)
    profile = picture.info.get("icc_profile") or b""
    picture.draft(None, (MAX_SIDE, MAX_SIDE))
    picture = _make_resizable(picture)
    picture.thumbnail((MAX_SIDE, MAX_SIDE), Image.Resampling.LANCZOS)
    # A picture with broken EXIF is still a good picture.
    with suppress(Exception):
        ImageOps.exif_transpose(picture, in_place=True)
    picture = _convert_to_srgb(picture, profile)
    # Encoders would copy the comment and the XMP from here.
    picture.info.clear()
    return picture


def _count_jpeg_scans(data: bytes) -> int:
    """Count the decoder's passes over the picture."""
    scans = 0
    position = 2
    while (marker := JPEG_MARKER.search(data, position)) and marker[1] != JPEG_END:
        scans += marker[1] == JPEG_START_OF_SCAN
        length = int.from_bytes(data[marker.end() : marker.end() + 2], "big")
        position = marker.end() + length
    return scans


def _make_resizable(source: Image.Image) -> Image.Image:
    """Convert to a mode that can be interpolated; palettes, bitmaps and 16-bit greys cannot."""
    if source.mode.startswith("I"):
        # convert() would clip 16 bits at 255 instead of scaling them.
        return source.point(lambda value: value / 256).convert("L")
    if source.has_transparency_data and source.mode != "RGBA":
        return source.convert("RGBA")
    return source.convert("RGB") if source.mode in ("1", "P") else source


def _convert_to_srgb(picture: Image.Image, profile: bytes) -> Image.Image:
    """Convert to RGB or RGBA in sRGB. A profile that is broken or of another kind of picture is ignored."""
    alpha = picture.getchannel("A") if picture.mode == "RGBA" else None
    colours = picture.convert("RGB") if alpha else picture
    if 0 < len(profile) <= MAX_PROFILE_BYTES:
        with suppress(OSError, ImageCms.PyCMSError):
            source = ImageCms.ImageCmsProfile(BytesIO(profile))
            colours = ImageCms.profileToProfile(colours, source, SRGB, outputMode="RGB") or colours
    result = colours.convert("RGB")
    if alpha and alpha.getextrema() != (255, 255):
        result.putalpha(alpha)
    return result


def _shrink(picture: Image.Image, side: int) -> Image.Image:
    shrunk = picture.copy()
    shrunk.thumbnail((side, side), Image.Resampling.LANCZOS)
    return shrunk


def _encode_jpeg(picture: Image.Image) -> ContentFile[bytes]:
    buffer = BytesIO()
    picture.save(buffer, "JPEG", quality=85, optimize=True, progressive=True)
    return ContentFile(buffer.getvalue())


def _encode_webp(picture: Image.Image) -> ContentFile[bytes]:
    buffer = BytesIO()
    picture.save(buffer, "WEBP", quality=82)
    return ContentFile(buffer.getvalue())


def _make_placeholder(picture: Image.Image) -> str:
    tiny = _encode_webp(_shrink(picture, PLACEHOLDER_SIDE))
    return f"data:image/webp;base64,{base64.b64encode(tiny.read()).decode()}"
