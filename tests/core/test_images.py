import base64
import os
import re
import struct
import time
import zlib
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image, ImageCms

from core import decoding, images
from core.errors import RateLimited
from core.images import THUMBNAILS, InvalidImage, PreparedImage, ThumbnailFormat, ThumbnailSize

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


class TestPrepare:
    @pytest.mark.parametrize("format_name", ["JPEG", "PNG", "WEBP", "AVIF", "GIF", "HEIC"])
    def test_accepts_the_formats_of_cameras_and_browsers(self, format_name: str) -> None:
        data = (HEIC / "flag.heic").read_bytes() if format_name == "HEIC" else encode(flag(), format_name)
        prepared = prepare(data)

        assert (prepared.width, prepared.height, prepared.suffix) == (60, 40, ".jpg")
        main = open_image(prepared.main)
        assert (main.format, main.mode, main.size) == ("JPEG", "RGB", (60, 40))
        assert_colour(main, (30, 5), RED)
        assert_colour(main, (30, 35), BLUE)

    @pytest.mark.parametrize("mode", ["1", "L", "P", "CMYK", "I;16"])
    def test_converts_every_colour_mode(self, mode: str) -> None:
        half = Image.new("L", (60, 40), 0)
        half.paste(255, (0, 0, 60, 20))
        source = (
            half.point(lambda value: value * 257, "I").convert("I;16")
            if mode == "I;16"
            else half.convert(mode)
        )

        main = open_image(prepare(encode(source, "JPEG" if mode == "CMYK" else "PNG")).main)

        assert main.mode == "RGB"
        assert_colour(main, (30, 5), (255, 255, 255))
        assert_colour(main, (30, 35), (0, 0, 0))

    def test_scales_16_bit_greys_instead_of_clipping_them(self) -> None:
        grey = Image.new("I;16", (20, 20), 0x4000)

        assert_colour(open_image(prepare(encode(grey, "PNG")).main), (10, 10), (0x40, 0x40, 0x40))

    @pytest.mark.parametrize("mode", ["1", "P"])
    def test_smooths_palettes_and_bitmaps_when_it_shrinks_them(self, mode: str) -> None:
        stripes = Image.frombytes("L", (4096, 8), b"\x00\xff" * 2048 * 8).convert(mode)

        assert_colour(open_image(prepare(encode(stripes, "PNG")).main), (1000, 2), (128, 128, 128))

    def test_shrinks_to_the_longest_side_and_makes_thumbnails_in_both_formats(self) -> None:
        prepared = prepare(encode(Image.new("RGB", (3000, 1500), GREEN), "JPEG"))

        assert (prepared.width, prepared.height) == open_image(prepared.main).size == (2048, 1024)
        thumbnails = {kind: open_image(file) for kind, file in prepared.thumbnails.items()}
        assert {kind: picture.size for kind, picture in thumbnails.items()} == {
            (size, format): (size.value, size.value // 2)
            for size in ThumbnailSize
            for format in ThumbnailFormat
        }
        for (_, format), picture in thumbnails.items():
            assert picture.format == format.name
            assert_colour(picture, (10, 10), GREEN)

    def test_never_enlarges(self) -> None:
        prepared = prepare(encode(flag().resize((300, 200)), "PNG"))

        assert (prepared.width, prepared.height) == (300, 200)
        for format in ThumbnailFormat:
            sizes = [open_image(prepared.thumbnails[size, format]).size for size in ThumbnailSize]
            assert sizes == [(160, 107), (300, 200), (300, 200), (300, 200)]

    def test_keeps_a_sliver_at_least_one_pixel_wide(self) -> None:
        prepared = prepare(encode(Image.new("RGB", (5000, 1)), "PNG"))

        assert (prepared.width, prepared.height) == (2048, 1)
        for format in ThumbnailFormat:
            assert open_image(prepared.thumbnails[ThumbnailSize.SMALL, format]).size == (160, 1)

    def test_placeholder_is_a_tiny_data_uri(self) -> None:
        noise = Image.frombytes("RGBA", (300, 300), os.urandom(300 * 300 * 4))

        placeholder = prepare(encode(noise, "PNG")).placeholder

        head, _, payload = placeholder.partition(",")
        assert head == "data:image/webp;base64"
        assert len(placeholder) < 500
        assert Image.open(BytesIO(base64.b64decode(payload))).size == (16, 16)

    @pytest.mark.parametrize("mode", ["RGBA", "LA"])
    def test_keeps_transparency(self, mode: str) -> None:
        source = flag("RGBA")
        source.paste((0, 0, 0, 0), (0, 0, 30, 40))
        source = source.convert(mode)

        prepared = prepare(encode(source, "PNG"))

        assert prepared.suffix == ".webp"
        for file in (prepared.main, *prepared.thumbnails.values()):
            alpha = open_image(file).convert("RGBA").getchannel("A")
            assert (alpha.getpixel((10, 20)), alpha.getpixel((50, 20))) == (0, 255)

    def test_keeps_a_palettes_transparent_colour(self) -> None:
        source = flag("P")
        transparent = source.getpixel((0, 0))

        alpha = open_image(prepare(encode(source, "PNG", transparency=transparent)).main).getchannel("A")

        assert (alpha.getpixel((30, 5)), alpha.getpixel((30, 35))) == (0, 255)

    def test_drops_an_alpha_channel_that_hides_nothing(self) -> None:
        assert prepare(encode(flag("RGBA"), "PNG")).suffix == ".jpg"

    @pytest.mark.parametrize("format_name", ["JPEG", "PNG", "WEBP", "AVIF"])
    @pytest.mark.parametrize(
        ("orientation", "turned"),
        [
            (2, Image.Transpose.FLIP_LEFT_RIGHT),
            (3, Image.Transpose.ROTATE_180),
            (6, Image.Transpose.ROTATE_90),
            (8, Image.Transpose.ROTATE_270),
        ],
    )
    def test_turns_upright(self, format_name: str, orientation: int, turned: Image.Transpose) -> None:
        exif = Image.Exif()
        exif[0x0112] = orientation
        as_shot = flag().transpose(turned)

        prepared = prepare(encode(as_shot, format_name, exif=exif))

        assert (prepared.width, prepared.height) == (60, 40)
        main = open_image(prepared.main)
        assert_colour(main, (30, 5), RED)
        assert_colour(main, (30, 35), BLUE)

    @pytest.mark.parametrize("format_name", ["JPEG", "PNG", "WEBP", "AVIF"])
    @pytest.mark.parametrize("mode", ["RGB", "RGBA"])
    @pytest.mark.parametrize(
        "profile", [ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(), None]
    )
    def test_leaves_no_metadata(self, format_name: str, mode: str, profile: bytes | None) -> None:
        exif = Image.Exif()
        exif[0x010F] = "Secret camera"
        exif.get_ifd(0x8825)[2] = (52.0, 31.0, 12.0)
        options: dict[str, Any] = {
            "exif": exif,
            "icc_profile": profile,
            "xmp": b"<x:xmpmeta>Secret</x:xmpmeta>",
            "comment": b"Secret",
        }
        source = flag(mode)
        if mode == "RGBA":
            source.putpixel((0, 0), (0, 0, 0, 0))
        data = encode(source.convert("RGB") if format_name == "JPEG" else source, format_name, **options)
        assert b"Secret" in data

        prepared = prepare(data)

        for file in (prepared.main, *prepared.thumbnails.values()):
            written = open_image(file)
            assert not written.getexif()
            assert not {"exif", "icc_profile", "xmp", "comment"} & written.info.keys()
            file.seek(0)
            assert b"Secret" not in file.read()

    def test_converts_a_wide_gamut_to_srgb(self) -> None:
        # A profile with red and blue exchanged, made from the sRGB one: only a real conversion shows red.
        profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
        exchanged = profile.replace(b"rXYZ", b"tmp.").replace(b"bXYZ", b"rXYZ").replace(b"tmp.", b"bXYZ")
        source = Image.new("RGB", (20, 20), (0, 0, 255))

        main = open_image(prepare(encode(source, "PNG", icc_profile=exchanged)).main)

        assert_colour(main, (10, 10), (255, 0, 0))

    @pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
    def test_ignores_a_broken_or_unfitting_profile(self, mode: str) -> None:
        srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
        for profile in (b"not a profile", srgb[:200], srgb):
            assert prepare(encode(flag(mode), "JPEG", icc_profile=profile)).width == 60

    @pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
    def test_ignores_broken_exif(self) -> None:
        for exif in (
            b"Exif\x00\x00garbage",
            b"Exif\x00\x00MM\x00*\xff\xff\xff\xff",
            b"Exif\x00\x00II*\x00\x08",
        ):
            assert prepare(encode(flag(), "JPEG", exif=exif)).width == 60

    @pytest.mark.parametrize("format_name", ["PNG", "WEBP", "AVIF", "GIF"])
    def test_takes_the_first_frame_of_an_animation(self, format_name: str) -> None:
        frames = [Image.new("RGB", (60, 40), colour) for colour in (GREEN, RED, BLUE)]

        prepared = prepare(encode(frames[0], format_name, save_all=True, append_images=frames[1:]))

        main = open_image(prepared.main)
        assert getattr(main, "n_frames", 1) == 1
        assert_colour(main, (30, 20), GREEN)

    def test_turns_the_heic_of_a_phone_upright(self) -> None:
        prepared = prepare((HEIC / "turned.heic").read_bytes())

        main = open_image(prepared.main)
        assert (prepared.width, prepared.height) == main.size == (60, 40)
        assert_colour(main, (30, 5), RED)
        assert_colour(main, (30, 35), BLUE)
        assert not main.getexif()

    def test_takes_the_primary_picture_of_a_heic_with_several(self) -> None:
        assert_colour(open_image(prepare((HEIC / "two.heic").read_bytes()).main), (30, 5), RED)

    def test_keeps_the_transparency_of_a_heic_and_of_a_gif(self) -> None:
        transparent = Image.new("RGBA", (60, 40), (*RED, 255))
        transparent.paste((0, 0, 0, 0), (0, 0, 30, 40))

        for data in ((HEIC / "transparent.heic").read_bytes(), encode(transparent, "GIF")):
            prepared = prepare(data)
            alpha = open_image(prepared.main).getchannel("A").tobytes()
            assert prepared.suffix == ".webp"
            assert min(alpha) < 10
            assert max(alpha) > 240

    def test_reads_from_the_start_of_a_file_read_before(self) -> None:
        upload = SimpleUploadedFile("picture", encode(flag(), "PNG"))
        upload.read()

        assert images.prepare(upload).width == 60

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


class TestStore:
    @pytest.fixture
    def storage(self, tmp_path: Path) -> FileSystemStorage:
        return FileSystemStorage(location=tmp_path)

    @pytest.fixture
    def prepared(self) -> PreparedImage:
        return prepare(encode(Image.new("RGB", (1000, 500), GREEN), "PNG"))

    def test_writes_the_picture_and_its_thumbnails_under_a_random_name(
        self, storage: FileSystemStorage, prepared: PreparedImage, tmp_path: Path
    ) -> None:
        stored = images.store(prepared, folder="products", storage=storage)

        assert re.fullmatch(r"products/[0-9a-f]{32}\.jpg", stored.name)
        assert (stored.width, stored.height, stored.placeholder) == (1000, 500, prepared.placeholder)
        written = {str(path.relative_to(tmp_path)): path for path in tmp_path.rglob("*.*")}
        sizes = [(160, 80), (400, 200), (800, 400), (1000, 500)]
        expected = {stored.name: ("JPEG", (1000, 500))} | {
            images.thumbnail_name(stored.name, size, format): (format.name, pixels)
            for format in ThumbnailFormat
            for size, pixels in zip(ThumbnailSize, sizes, strict=True)
        }
        pictures = {name: Image.open(BytesIO(path.read_bytes())) for name, path in written.items()}
        assert {name: (picture.format, picture.size) for name, picture in pictures.items()} == expected

    def test_names_differ_each_time(self, storage: FileSystemStorage, prepared: PreparedImage) -> None:
        first, second = (images.store(prepared, folder="products", storage=storage) for _ in range(2))

        assert first.name != second.name
        assert storage.size(first.name) == storage.size(second.name) > 0

    def test_a_failure_leaves_no_file_behind(self, prepared: PreparedImage, tmp_path: Path) -> None:
        class FullStorage(FileSystemStorage):
            """A storage without space left for the picture itself."""

            def _save(self, name: str, content: Any) -> str:
                if name.endswith(".jpg"):
                    raise OSError("No space left on device")
                saved: str = super()._save(name, content)  # type: ignore[misc]
                return saved

        with pytest.raises(OSError, match="No space left"):
            images.store(prepared, folder="products", storage=FullStorage(location=tmp_path))

        assert not list(tmp_path.rglob("*.*"))

    def test_delete_removes_all_its_files_and_nothing_else(
        self, storage: FileSystemStorage, prepared: PreparedImage, tmp_path: Path
    ) -> None:
        kept, gone = (images.store(prepared, folder="products", storage=storage).name for _ in range(2))

        images.delete(gone, storage=storage)
        images.delete(gone, storage=storage)

        left = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.*")}
        assert left == {kept, *(images.thumbnail_name(kept, *kind) for kind in THUMBNAILS)}

    def test_complete_makes_what_is_missing(
        self, storage: FileSystemStorage, prepared: PreparedImage, tmp_path: Path
    ) -> None:
        name = images.store(prepared, folder="products", storage=storage).name
        files = {path: path.read_bytes() for path in tmp_path.rglob("*.*")}
        missing = images.thumbnail_name(name, ThumbnailSize.XLARGE, ThumbnailFormat.AVIF)
        storage.delete(missing)

        assert images.complete(name, storage=storage) == 1
        assert images.complete(name, storage=storage) == 0

        with storage.open(missing) as file, Image.open(file) as made:
            assert (made.format, made.size) == ("AVIF", (1000, 500))
        assert files.keys() == {*tmp_path.rglob("*.*")}
        assert all(path.read_bytes() == data for path, data in files.items() if path.name not in missing)


WEBP, AVIF = ThumbnailFormat.WEBP, ThumbnailFormat.AVIF


@pytest.mark.parametrize(
    ("name", "size", "format", "expected"),
    [
        ("products/ab12.jpg", ThumbnailSize.SMALL, WEBP, "products/ab12-small.webp"),
        ("products/ab12.webp", ThumbnailSize.MEDIUM, AVIF, "products/ab12-medium.avif"),
        ("ab12.jpg", ThumbnailSize.XLARGE, WEBP, "ab12-xlarge.webp"),
    ],
)
def test_thumbnail_name(name: str, size: ThumbnailSize, format: ThumbnailFormat, expected: str) -> None:
    assert images.thumbnail_name(name, size, format) == expected


def test_where_pillow_lacks_avif_webp_takes_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "FORMATS", (WEBP,))
    assert images.thumbnail_name("ab12.jpg", ThumbnailSize.SMALL, AVIF) == "ab12-small.webp"


class TestOneAtATime:
    """One picture is decoded at a time, which bounds a worker's memory and its waiting threads."""

    @pytest.fixture(autouse=True)
    def soon(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(images, "WAIT_SECONDS", 0.2)

    def test_the_second_waits(self) -> None:
        with images.decoding, ThreadPoolExecutor() as threads:
            waiting = threads.submit(prepare, encode(flag(), "PNG"))
            with pytest.raises(RateLimited):
                waiting.result()
        assert prepare(encode(flag(), "PNG")).width == 60

    def test_the_third_is_refused_at_once(self) -> None:
        started = time.monotonic()
        with images.decoding_or_waiting, images.decoding_or_waiting, pytest.raises(RateLimited) as refused:
            prepare(encode(flag(), "PNG"))
        assert time.monotonic() - started < images.WAIT_SECONDS
        assert refused.value.retry_after_seconds
        assert prepare(encode(flag(), "PNG")).width == 60

    def test_one_that_cannot_be_read_lets_the_next_come(self) -> None:
        for _ in range(5):
            assert refusal(b"no picture") == decoding.UNREADABLE

    def test_an_upload_is_decoded_once(self) -> None:
        upload = SimpleUploadedFile("picture", encode(flag(), "PNG"))
        first = images.prepare(upload)
        with images.decoding_or_waiting, images.decoding_or_waiting:
            assert images.prepare(upload) is first
