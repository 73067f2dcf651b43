import base64
import os
import re
import time
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import FileSystemStorage
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image, ImageCms

from core import decoding, images
from core.errors import RateLimited
from core.images import THUMBNAILS, PreparedImage, ThumbnailFormat, ThumbnailSize
from tests.core.drawing import (
    BLUE,
    GREEN,
    HEIC,
    RED,
    assert_colour,
    encode,
    flag,
    open_image,
    prepare,
    refusal,
)


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
