"""Uploaded pictures: re-encoding, thumbnails and storage."""

import base64
import secrets
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from io import BytesIO
from itertools import product

from django.core.files import File
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, Storage, default_storage
from django.utils.translation import gettext, gettext_lazy, gettext_noop
from PIL import Image, features

from core.decoding import InvalidImage as InvalidImage
from core.decoding import decode
from core.errors import RateLimited, ValidationError
from core.waiting import Busy, place_to_wait

MAX_BYTES = 10 * 1024 * 1024
# A process decodes one picture at a time, which bounds its memory. One more may wait: each waiting upload takes a
# thread away from shoppers. The others are refused and may be sent again.
WAIT_SECONDS = 5.0
RETRY_SECONDS = 3
PLACEHOLDER_SIDE = 16
# What the names of pictures end with.
SUFFIXES = JPEG, WEBP = (".jpg", ".webp")

TOO_MANY_BYTES = gettext_noop("The picture is larger than %(megabytes)s MB. Please choose a smaller one.")
BUSY = gettext_lazy("Other pictures are being processed. Please try again in a few seconds.")

decoding = threading.Lock()
decoding_or_waiting = threading.BoundedSemaphore(2)


class ThumbnailSize(Enum):
    """The thumbnails of a picture. The value is the longest side in pixels."""

    SMALL = 160
    MEDIUM = 400
    LARGE = 800
    XLARGE = 1600


class ThumbnailFormat(Enum):
    """The formats of thumbnails. The value is what a name ends with."""

    WEBP = ".webp"
    AVIF = ".avif"


# Pillow can be built without AVIF. WebP then takes its place.
FORMATS = tuple(format for format in ThumbnailFormat if features.check(format.name.lower()))
THUMBNAILS = tuple(product(ThumbnailSize, FORMATS))


@dataclass(frozen=True, kw_only=True)
class PreparedImage:
    """A cleaned picture in memory.

    `main` is JPEG, or WebP if it has transparency; `suffix` says which. Thumbnails are never larger than the picture.
    `placeholder` is a data URI, so tiny that it looks blurred.
    """

    main: ContentFile[bytes]
    suffix: str
    width: int
    height: int
    thumbnails: Mapping[tuple[ThumbnailSize, ThumbnailFormat], ContentFile[bytes]]
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

    At most MAX_BYTES are read. The result is kept on the upload, because a form checks a picture that is stored later.

    Raises: InvalidImage; RateLimited, while other pictures are being decoded.
    """
    known: PreparedImage | None = getattr(upload, "prepared", None)
    if known is None:
        upload.seek(0)
        data = upload.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise InvalidImage(TOO_MANY_BYTES, megabytes=MAX_BYTES // 1024**2)
        with _take_turn():
            known = _reencode(data)
        upload.prepared = known  # type: ignore[attr-defined]  # our own attribute
    return known


def explain(error: InvalidImage) -> str:
    """Return the reason in the current language."""
    return gettext(error.text) % error.values


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
    picture = decode(data)
    opaque = picture.mode == "RGB"
    return PreparedImage(
        main=_encode_jpeg(picture) if opaque else _encode_webp(picture),
        suffix=JPEG if opaque else WEBP,
        width=picture.width,
        height=picture.height,
        thumbnails=_make_thumbnails(picture, THUMBNAILS),
        placeholder=_make_placeholder(picture),
    )


def store(
    prepared: PreparedImage, *, folder: str, token: str | None = None, storage: Storage = default_storage
) -> StoredImage:
    """Write the picture and its thumbnails under a random name. A failure leaves no files behind.

    `token` replaces the random name, for a caller who knows that it is unused: files under it are overwritten.

    Raises: RateLimited, while too many threads wait for a bucket.
    """
    name = f"{folder}/{token or secrets.token_hex(16)}{prepared.suffix}"
    with _place_at(storage):
        if token:
            delete(name, storage=storage)  # left by a process that was killed
        try:
            for kind, thumbnail in prepared.thumbnails.items():
                storage.save(thumbnail_name(name, *kind), thumbnail)
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
        raise ValidationError.of(**{field: explain(error)}) from error
    try:
        yield picture
    except BaseException:
        if picture:
            delete(picture.name)
        raise


@contextmanager
def _place_at(storage: Storage) -> Iterator[None]:
    """Hold a place for a thread that waits for a bucket, so that other threads keep answering. A folder needs none.

    Raises: RateLimited, if there is none.
    """
    if isinstance(storage, FileSystemStorage):
        yield
        return
    with ExitStack() as held:
        try:
            held.enter_context(place_to_wait())
        except Busy as error:
            raise RateLimited(BUSY, retry_after_seconds=RETRY_SECONDS) from error
        yield


def delete(name: str, *, storage: Storage = default_storage) -> None:
    """Remove a stored picture and its thumbnails. Missing files are ignored."""
    for file_name in (name, *(thumbnail_name(name, *kind) for kind in THUMBNAILS)):
        storage.delete(file_name)


def complete(name: str, *, storage: Storage = default_storage) -> int:
    """Make the missing thumbnails of a stored picture, and return their number."""
    missing = [kind for kind in THUMBNAILS if not storage.exists(thumbnail_name(name, *kind))]
    if missing:
        with storage.open(name) as file:
            picture = decode(file.read())
        for kind, thumbnail in _make_thumbnails(picture, missing).items():
            storage.save(thumbnail_name(name, *kind), thumbnail)
    return len(missing)


def thumbnail_name(name: str, size: ThumbnailSize, format: ThumbnailFormat = ThumbnailFormat.WEBP) -> str:
    """The storage name of a thumbnail of the picture stored as `name`."""
    stem, _, _ = name.rpartition(".")
    suffix = format if format in FORMATS else ThumbnailFormat.WEBP
    return f"{stem}-{size.name.lower()}{suffix.value}"


@lru_cache(maxsize=10_000)
def url(name: str) -> str:
    """The URL of a stored file."""
    return default_storage.url(name)


def _make_thumbnails(
    picture: Image.Image, kinds: Sequence[tuple[ThumbnailSize, ThumbnailFormat]]
) -> dict[tuple[ThumbnailSize, ThumbnailFormat], ContentFile[bytes]]:
    shrunk = {size: _shrink(picture, size.value) for size, _ in kinds}
    return {(size, format): ENCODERS[format](shrunk[size]) for size, format in kinds}


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


def _encode_avif(picture: Image.Image) -> ContentFile[bytes]:
    buffer = BytesIO()
    # As good as the WebP by its signal-to-noise ratio, and a fifth smaller. A lower speed takes twice the time for 3 %.
    picture.save(buffer, "AVIF", quality=60, speed=9, max_threads=1)
    return ContentFile(buffer.getvalue())


ENCODERS = {ThumbnailFormat.WEBP: _encode_webp, ThumbnailFormat.AVIF: _encode_avif}


def _make_placeholder(picture: Image.Image) -> str:
    tiny = _encode_webp(_shrink(picture, PLACEHOLDER_SIDE))
    return f"data:image/webp;base64,{base64.b64encode(tiny.read()).decode()}"
