"""What decoding takes of memory and time, each picture in a process of its own."""

import struct
import subprocess
import sys
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from core import decoding
from core.decoding import MAX_COEFFICIENTS, MAX_PIXELS, InvalidImage

# Megabytes over what the process has before. The file itself is a part of it, and may have 10.
MOST = 270
# The process of an AVIF file starts with what the one that starts it has.
MEASURE = """
import re, resource, sys
from pathlib import Path
from core import decoding

def megabytes(key):
    return int(re.search(key + r":\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) // 1024

before = megabytes("VmRSS")
decoding.decode(Path(sys.argv[1]).read_bytes())
apart = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
print(max(megabytes("VmHWM"), apart) - before)
"""
# Made with pillow-heif, whose encoder takes long: 25 megapixels, and 119.
LARGE_HEIC, HUGE_HEIC = (Path(__file__).parent / "pictures" / name for name in ("large.heic", "huge.heic"))
needs_proc = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="Memory is read from /proc.")


def measure(path: Path) -> int:
    """Return the megabytes that decoding takes at its peak."""
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, path], check=True, capture_output=True, text=True, timeout=60
    )
    return int(done.stdout)


def draw(mode: str, width: int, height: int) -> Image.Image:
    ramp = Image.linear_gradient("L").resize((width, height))
    return Image.merge(mode, [ramp] * len(mode)) if len(mode) > 1 else ramp


def write(path: Path, mode: str, pixels: int, format_name: str, **options: Any) -> None:
    """Write a picture of that many pixels at the most."""
    picture = draw(mode, 5000, pixels // 5000)
    if options.get("save_all"):
        options["append_images"] = [picture.transpose(Image.Transpose.FLIP_TOP_BOTTOM)] * 2
    picture.save(path, format_name, **options)


def lie(data: bytes) -> bytes:
    """Let an AVIF or HEIC file say that its picture has 100 × 100 pixels."""
    at = data.index(b"ispe") + 8
    return data[:at] + struct.pack(">II", 100, 100) + data[at + 8 :]


@pytest.mark.slow
@needs_proc
class TestMemory:
    @pytest.mark.parametrize(
        "make",
        [
            pytest.param(lambda at: draw("RGB", 8064, 6048).save(at, "JPEG"), id="48 megapixels of a phone"),
            pytest.param(lambda at: draw("CMYK", 4090, 4090).save(at, "JPEG"), id="JPEG at its full size"),
            pytest.param(lambda at: draw("RGB", 65_500, 1800).save(at, "JPEG"), id="a strip"),
            pytest.param(
                lambda at: write(
                    at, "RGB", MAX_COEFFICIENTS // 3, "JPEG", progressive=True, quality=95, subsampling=0
                ),
                id="progressive JPEG",
            ),
            pytest.param(
                lambda at: write(at, "CMYK", MAX_COEFFICIENTS // 4, "JPEG", progressive=True, quality=95),
                id="progressive JPEG for printing",
            ),
            pytest.param(lambda at: write(at, "RGBA", MAX_PIXELS["PNG"], "PNG", compress_level=1), id="PNG"),
            pytest.param(
                lambda at: write(at, "RGBA", MAX_PIXELS["PNG"], "PNG", compress_level=1, save_all=True),
                id="animated PNG",
            ),
            pytest.param(
                lambda at: write(at, "RGB", MAX_PIXELS["WEBP"], "WEBP", method=0, save_all=True),
                id="animated WebP",
            ),
            pytest.param(lambda at: write(at, "RGBA", MAX_PIXELS["WEBP"], "WEBP", method=0), id="WebP"),
            pytest.param(
                lambda at: write(at, "RGBA", MAX_PIXELS["AVIF"], "AVIF", speed=10, subsampling="4:4:4"),
                id="AVIF",
            ),
            pytest.param(
                lambda at: write(at, "RGBA", MAX_PIXELS["AVIF"], "AVIF", speed=10, save_all=True),
                id="animated AVIF",
            ),
            pytest.param(lambda at: at.write_bytes(LARGE_HEIC.read_bytes()), id="HEIC"),
            pytest.param(lambda at: write(at, "L", MAX_PIXELS["GIF"], "GIF"), id="GIF"),
            pytest.param(
                lambda at: write(at, "L", MAX_PIXELS["GIF"], "GIF", transparency=7, save_all=True),
                id="animated GIF",
            ),
        ],
    )
    def test_is_bounded(self, make: Callable[[Path], None], tmp_path: Path) -> None:
        make(tmp_path / "picture")
        assert measure(tmp_path / "picture") < MOST


class TestAvif:
    @pytest.mark.slow
    def test_that_is_larger_than_it_says_is_refused(self) -> None:
        buffer = BytesIO()
        Image.new("RGB", (12_000, 9900)).save(buffer, "AVIF", speed=10, subsampling="4:4:4")
        with pytest.raises(InvalidImage, match="cannot be read"):
            decoding.decode(lie(buffer.getvalue()))

    def test_that_takes_too_long_is_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        buffer = BytesIO()
        draw("RGB", 100, 100).save(buffer, "AVIF")
        assert decoding.decode(buffer.getvalue()).size == (100, 100)
        monkeypatch.setattr(decoding, "MAX_APART_SECONDS", 0.001)
        with pytest.raises(InvalidImage, match="cannot be read"):
            decoding.decode(buffer.getvalue())

    def test_of_too_many_pixels_by_its_own_account_is_refused_with_their_number(self) -> None:
        buffer = BytesIO()
        draw("RGB", 5000, 2601).save(buffer, "AVIF", speed=10)
        with pytest.raises(InvalidImage, match="more than 13 megapixels"):
            decoding.decode(buffer.getvalue())


class TestHeic:
    def test_at_the_limit_is_taken(self) -> None:
        assert decoding.decode(LARGE_HEIC.read_bytes()).size == (2048, 2048)

    def test_of_too_many_pixels_by_its_own_account_is_refused_with_their_number(self) -> None:
        with pytest.raises(InvalidImage, match="more than 25 megapixels"):
            decoding.decode(HUGE_HEIC.read_bytes())

    def test_that_is_larger_than_it_says_is_refused(self) -> None:
        with pytest.raises(InvalidImage, match="cannot be read"):
            decoding.decode(lie(HUGE_HEIC.read_bytes()))
