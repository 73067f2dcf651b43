"""Files that are no pictures, broken ones, and pictures made to take time or memory."""

import os
import time
import zlib

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from core import decoding, images
from core.images import InvalidImage
from tests.core.drawing import (
    GREEN,
    HEIC,
    RED,
    assert_colour,
    encode,
    flag,
    open_image,
    png_chunk,
    png_header,
    prepare,
    refusal,
)


class TestPrepare:
    @pytest.mark.parametrize(
        "data",
        [
            b"",
            b"\x00" * 5000,
            b"<!DOCTYPE html><html><script>alert(1)</script></html>",
            b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)" width="9" height="9"/>',
            b"GIF89a<script>alert(1)</script>",
            b"\xff\xd8\xff",
            b"\x89PNG\r\n\x1a\n",
            b"RIFF\x04\x00\x00\x00WEBP",
            b"\x00\x00\x00\x1cftypavif",
            b"\x00\x00\x00\x1cftypheic",
            encode(flag(), "TIFF"),
            encode(flag(), "BMP"),
            encode(flag(), "PDF"),
            encode(flag(), "EPS"),
        ],
        ids=lambda data: repr(data[:12]),
    )
    def test_refuses_what_is_no_picture_of_these_formats(self, data: bytes) -> None:
        assert refusal(data) == decoding.UNREADABLE

    @pytest.mark.parametrize("format_name", ["JPEG", "PNG", "WEBP", "AVIF", "GIF"])
    @pytest.mark.parametrize("kept", [0.1, 0.5, 0.9])
    def test_refuses_a_truncated_file(self, format_name: str, kept: float) -> None:
        noise = Image.frombytes("RGB", (200, 200), os.urandom(200 * 200 * 3))
        data = encode(noise, format_name)

        assert refusal(data[: int(len(data) * kept)]) == decoding.UNREADABLE

    @pytest.mark.parametrize("kept", [0.1, 0.5, 0.9])
    def test_refuses_a_truncated_heic(self, kept: float) -> None:
        data = (HEIC / "large.heic").read_bytes()

        assert refusal(data[: int(len(data) * kept)]) == decoding.UNREADABLE

    def test_refuses_more_bytes_than_the_limit_and_reads_no_further(self) -> None:
        picture = encode(flag(), "PNG")
        exactly = picture + b"\x00" * (images.MAX_BYTES - len(picture))
        assert prepare(exactly).width == 60

        upload = SimpleUploadedFile("picture", picture + b"\x00" * 20 * 1024 * 1024)
        with pytest.raises(InvalidImage, match="larger than 10 MB"):
            images.prepare(upload)

        assert upload.tell() == images.MAX_BYTES + 1

    def test_refuses_too_many_pixels_by_the_header_alone(self) -> None:
        # A header without pixels: decoding it fails with UNREADABLE.
        without_pixels = png_chunk(b"IDAT", b"")

        assert refusal(png_header(5000, 5001) + without_pixels) == decoding.TOO_MANY_PIXELS % {
            "megapixels": 25
        }
        assert refusal(png_header(5000, 5000) + without_pixels) == decoding.UNREADABLE

    @pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
    @pytest.mark.parametrize(
        ("width", "height"), [(10_000, 10_000), (40_000, 40_000), (2**31 - 1, 2**31 - 1)]
    )
    def test_refuses_a_decompression_bomb_at_once(self, width: int, height: int) -> None:
        rows = zlib.compress(b"\x00" * 4_000_000)
        bomb = png_header(width, height) + png_chunk(b"IDAT", rows) + png_chunk(b"IEND", b"")

        started = time.process_time()
        refusal(bomb)

        assert time.process_time() - started < 0.5

    @pytest.mark.slow
    def test_takes_the_large_photographs_of_phones(self) -> None:
        for width, height in ((8064, 6048), (12_000, 9000)):
            picture = prepare(encode(Image.new("RGB", (width, height), GREEN), "JPEG"))
            assert (picture.width, picture.height) == (2048, 1536)
            assert_colour(open_image(picture.main), (9, 9), GREEN)

    @pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
    @pytest.mark.parametrize(
        ("mode", "size", "progressive", "most"),
        [
            ("L", (12_000, 10_100), False, 120),
            ("RGB", (8064, 6048), True, 30),
            ("CMYK", (6000, 4000), True, 22),
        ],
    )
    def test_refuses_a_jpeg_that_takes_too_much_memory(
        self, mode: str, size: tuple[int, int], progressive: bool, most: int
    ) -> None:
        data = encode(Image.new(mode, size), "JPEG", progressive=progressive)
        assert refusal(data) == decoding.TOO_MANY_PIXELS % {"megapixels": most}

    def test_ignores_a_profile_that_is_too_large(self) -> None:
        started = time.process_time()
        picture = prepare(encode(flag(), "JPEG", icc_profile=b"\0" * (decoding.MAX_PROFILE_BYTES + 1)))
        assert picture.width == 60
        assert time.process_time() - started < 1

    @pytest.mark.parametrize("format_name", ["TIFF", "BMP", "ICO", "PPM", "TGA"])
    def test_refuses_formats_that_no_shop_needs(self, format_name: str) -> None:
        assert refusal(encode(flag(), format_name)) == decoding.UNREADABLE

    @pytest.mark.parametrize("format_name", ["WEBP", "AVIF", "PNG", "GIF"])
    def test_takes_the_first_picture_of_an_animation(self, format_name: str) -> None:
        others = [Image.new("RGB", (60, 40), GREEN)] * 20
        picture = prepare(encode(flag(), format_name, save_all=True, append_images=others))
        assert_colour(open_image(picture.main), (5, 5), RED)

    @pytest.mark.parametrize("chunk", [b"zTXt", b"iTXt", b"iCCP"])
    def test_a_chunk_that_unpacks_to_a_gigabyte(self, chunk: bytes) -> None:
        head = {b"zTXt": b"a\0\0", b"iTXt": b"a\0\1\0\0\0", b"iCCP": b"a\0\0"}[chunk]
        compressor = zlib.compressobj(9)
        megabytes = b"".join(compressor.compress(b"\0" * 1_000_000) for _ in range(100)) + compressor.flush()
        png = encode(flag(), "PNG")
        bomb = png[:33] + png_chunk(chunk, head + megabytes) + png[33:]
        started = time.process_time()
        assert refusal(bomb) == decoding.UNREADABLE
        assert time.process_time() - started < 1

    def test_refuses_a_jpeg_of_endless_scans(self) -> None:
        data = encode(Image.new("RGB", (1000, 1000), GREEN), "JPEG", progressive=True)
        last = data.rindex(b"\xff\xda")
        repeated = data[:last] + data[last:-2] * 100_000 + data[-2:]

        started = time.process_time()
        assert refusal(repeated) == decoding.UNREADABLE

        assert time.process_time() - started < 5

    def test_counts_no_scans_but_the_pictures_own(self) -> None:
        # Metadata may contain a thumbnail, and motion photographs a film after the picture.
        scan = b"\xff\xda\x00\x02"

        assert prepare(encode(flag(), "JPEG", comment=scan * 1000) + scan * 100_000).width == 60
