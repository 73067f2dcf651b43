"""Decoding of uploaded pictures from strangers, with bounds on memory and time.

Run as a program, it decodes the file of its standard input, see `decode_apart`. So it imports nothing of ours.
"""

import json
import re
import resource
import subprocess
import sys
from contextlib import suppress
from io import BytesIO

from PIL import AvifImagePlugin, Image, ImageCms, ImageOps

MAX_SIDE = 2048
# Within these, decoding takes at most some 260 MB (docs/decisions/0015). A JPEG of one scan is decoded at a fraction of
# its size, so that those of phones, of 48 megapixels and more, are taken. A PNG is held twice while it is shrunk, and
# the decoders of WebP and AVIF hold up to three copies more.
MAX_PIXELS = {
    "JPEG": 120_000_000,
    "PNG": 25_000_000,
    "GIF": 25_000_000,
    "HEIF": 25_000_000,
    "WEBP": 13_000_000,
    "AVIF": 13_000_000,
}
# With several scans the decoder of JPEG keeps a coefficient of 2 bytes for each pixel and colour.
MAX_COEFFICIENTS = 90_000_000
# A progressive JPEG can repeat a 60-byte scan, and each is a pass over all pixels: 10 MB of them take an hour.
MAX_JPEG_SCANS = 100
# Colour profiles of printing presses have 2 MB. Little CMS would spend seconds on one of 10 MB.
MAX_PROFILE_BYTES = 4 * 1024 * 1024
# The bounds of the process that decodes an AVIF or HEIC file.
MAX_APART_BYTES = 320 * 1024 * 1024
MAX_APART_SECONDS = 20


def gettext_noop(text: str) -> str:
    """Mark the text for translation, like Django's function, which the process of its own does without."""
    return text


TOO_MANY_PIXELS = gettext_noop(
    "The picture has more than %(megapixels)s megapixels. Please choose a smaller one."
)
UNREADABLE = gettext_noop(
    "The picture cannot be read. Please choose a JPEG, PNG, WebP, AVIF, HEIC or GIF file that opens on your device."
)

# Pillow warns above its own, lower bound.
Image.MAX_IMAGE_PIXELS = max(MAX_PIXELS.values())
SRGB = ImageCms.createProfile("sRGB")
# A JPEG marker, except for the ones inside compressed data: a stuffed byte, a filler, a restart.
JPEG_MARKER = re.compile(rb"\xff([^\x00\x01\xff\xd0-\xd8])")
JPEG_START_OF_SCAN, JPEG_END = b"\xda", b"\xd9"
# The exit status of the process of `decode_apart` whose output is an InvalidImage, as JSON.
REFUSED = 3


class InvalidImage(Exception):
    """The upload is not an acceptable picture. The text may be shown to the shopper, once it is translated."""

    def __init__(self, text: str, **values: int) -> None:
        super().__init__(text % values)
        self.text = text
        self.values = values


def decode(data: bytes) -> Image.Image:
    """Decode the picture to RGB, or to RGBA if some of it is transparent: upright, in sRGB, within MAX_SIDE.

    Of an animation the first picture is taken.

    Raises: InvalidImage.
    """
    try:
        return (
            decode_apart(data)
            if data[4:8] == b"ftyp"
            else decode_here(data, formats=("JPEG", "PNG", "WEBP", "GIF"))
        )
    except InvalidImage:
        raise
    except Exception as error:  # Pillow's parsers raise whatever they trip over
        raise InvalidImage(UNREADABLE) from error


def decode_apart(data: bytes) -> Image.Image:
    """Decode an AVIF or HEIC file in a process of its own, whose memory and time are bounded.

    The size that such a file tells beforehand may be a lie: behind 100 × 100 pixels 3 KB held a picture of 262
    megapixels, which took 943 MB. Neither Pillow nor pillow-heif offers a bound on what is decoded.

    Raises: InvalidImage.
    """
    try:
        done = subprocess.run(
            [sys.executable, "-P", __file__],
            input=data,
            capture_output=True,
            check=False,
            timeout=MAX_APART_SECONDS,
        )
    except subprocess.TimeoutExpired as error:
        raise InvalidImage(UNREADABLE) from error
    if done.returncode == REFUSED:
        text, values = json.loads(done.stdout)
        raise InvalidImage(text, **values)
    if done.returncode:
        raise InvalidImage(UNREADABLE)
    mode, width, height = done.stdout[:32].split()
    return Image.frombytes(mode.decode(), (int(width), int(height)), done.stdout[32:])


def answer_apart() -> int:
    """Decode standard input, write 32 bytes with mode and size and then the pixels, and return the exit status."""
    resource.setrlimit(resource.RLIMIT_DATA, (MAX_APART_BYTES, MAX_APART_BYTES))
    # Only here, so that no process that serves requests loads it.
    import pillow_heif

    # Each thread has a stack and buffers of its own.
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1
    pillow_heif.register_heif_opener(decode_threads=1, thumbnails=False, depth_images=False, aux_images=False)
    try:
        picture = decode_here(sys.stdin.buffer.read(), formats=("AVIF", "HEIF"))
    except InvalidImage as error:
        sys.stdout.buffer.write(json.dumps([error.text, error.values]).encode())
        return REFUSED
    head = f"{picture.mode} {picture.width} {picture.height}".ljust(32)
    sys.stdout.buffer.write(head.encode() + picture.tobytes())
    return 0


def decode_here(data: bytes, *, formats: tuple[str, ...]) -> Image.Image:
    """Decode the picture in this process.

    Raises: InvalidImage, and anything that Pillow's parsers raise.
    """
    picture: Image.Image = Image.open(BytesIO(data), formats=formats)
    scans = _count_jpeg_scans(data) if picture.format == "JPEG" else 1
    most = MAX_PIXELS[picture.format or ""]
    if scans != 1:
        most = min(most, MAX_COEFFICIENTS // len(picture.getbands()))
    if picture.width * picture.height > most:
        raise InvalidImage(TOO_MANY_PIXELS, megapixels=most // 1_000_000)
    if scans > MAX_JPEG_SCANS:
        raise InvalidImage(UNREADABLE)
    profile = picture.info.get("icc_profile") or b""
    # In proportion: with a square box a JPEG of 65,500 × 1,800 pixels would be decoded at its full size.
    picture.draft(None, _fit(picture))
    picture = _make_resizable(picture)
    picture.thumbnail((MAX_SIDE, MAX_SIDE), Image.Resampling.LANCZOS)
    # A picture with broken EXIF is still a good picture.
    with suppress(Exception):
        ImageOps.exif_transpose(picture, in_place=True)
    picture = _convert_to_srgb(picture, profile)
    # Encoders would copy the comment and the XMP from here.
    picture.info.clear()
    return picture


def _fit(picture: Image.Image) -> tuple[int, int]:
    """Return the size of the picture within MAX_SIDE."""
    scale = min(1, MAX_SIDE / max(picture.size))
    return max(1, int(picture.width * scale)), max(1, int(picture.height * scale))


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


if __name__ == "__main__":
    sys.exit(answer_apart())
