"""Pictures to upload, drawn, and a look at what has become of them."""

import struct
import zlib
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from core import images
from core.images import InvalidImage, PreparedImage

RED, GREEN, BLUE = (220, 20, 30), (20, 200, 40), (30, 40, 210)
HEIC = Path(__file__).parent / "pictures"


def encode(picture: Image.Image, format_name: str, **options: Any) -> bytes:
    buffer = BytesIO()
    picture.save(buffer, format_name, **options)
    return buffer.getvalue()


def flag(mode: str = "RGB") -> Image.Image:
    """Red above blue, 60 wide and 40 high, so that a turn, a flip or wrong colours show."""
    picture = Image.new("RGB", (60, 40), BLUE)
    picture.paste(RED, (0, 0, 60, 20))
    return picture.convert(mode)


def prepare(data: bytes) -> PreparedImage:
    return images.prepare(SimpleUploadedFile("picture", data))


def open_image(file: ContentFile[bytes]) -> Image.Image:
    file.seek(0)
    return Image.open(BytesIO(file.read()))


def assert_colour(picture: Image.Image, place: tuple[int, int], expected: tuple[int, ...]) -> None:
    actual = picture.convert("RGB").getpixel(place)
    assert isinstance(actual, tuple)
    assert all(abs(a - b) <= 24 for a, b in zip(actual, expected, strict=True)), f"{actual} at {place}"


def refusal(data: bytes) -> str:
    with pytest.raises(InvalidImage) as refused:
        prepare(data)
    return str(refused.value)


def png_chunk(kind: bytes, payload: bytes) -> bytes:
    return struct.pack(">I", len(payload)) + kind + payload + struct.pack(">I", zlib.crc32(kind + payload))


def png_header(width: int, height: int) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
