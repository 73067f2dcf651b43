"""Pictures of the seed's products, drawn from motifs.toml. Every run draws the same bytes."""

import random
import tomllib
from collections.abc import Callable
from functools import cache
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageColor, ImageDraw, ImageFilter

from demo.seed.content import SeedProduct

Colour = tuple[int, ...]
Point = tuple[float, float]

SIDE = 800
# ImageDraw does not smooth edges, so everything is drawn at twice the size and reduced.
SCALE = 2 * SIDE / 100
MATERIALS = {
    "ink": "#2f3347",
    "paper": "#fdf9f2",
    "steel": "#b4bcc8",
    "glass": "#d9e9f0",
    "wood": "#c8925e",
    "leaf": "#4d9a68",
    "glow": "#ffd169",
}
WHITE, NIGHT = (255, 255, 255), (24, 22, 58)


def draw(product: SeedProduct) -> bytes:
    """Draw a square JPEG of SIDE pixels: the product's motif in its colours, on its category's tint."""
    figure = _figure(product)
    picture = _backdrop(ImageColor.getrgb(product.category.tint), random.Random(product.name))
    picture.paste(NIGHT, mask=_shadow(figure))
    picture.paste(figure, mask=figure)
    buffer = BytesIO()
    picture.save(buffer, "JPEG", quality=90, subsampling=0)
    return buffer.getvalue()


@cache
def motifs() -> dict[str, str]:
    """Return the drawings by name."""
    drawings: dict[str, str] = tomllib.loads(Path(__file__).with_name("motifs.toml").read_text("utf-8"))
    return drawings


def _backdrop(tint: Colour, chance: random.Random) -> Image.Image:
    """Draw a soft diagonal gradient with a pale disc behind the figure and a few small ones around it."""
    corners = Image.new("RGB", (2, 2), _mix(tint, WHITE, 0.25))
    corners.putpixel((0, 0), _mix(tint, WHITE, 0.6))
    corners.putpixel((1, 1), _mix(tint, NIGHT, 0.06))
    backdrop = corners.resize((SIDE, SIDE), Image.Resampling.BICUBIC)
    discs = Image.new("L", (2 * SIDE, 2 * SIDE))
    pen = ImageDraw.Draw(discs)
    pen.circle(_scale((chance.uniform(44, 56), chance.uniform(46, 54))), chance.uniform(36, 41) * SCALE, 110)
    for _ in range(4):
        pen.circle(
            _scale((chance.uniform(4, 96), chance.uniform(4, 96))), chance.uniform(1, 3.5) * SCALE, 130
        )
    backdrop.paste(WHITE, mask=discs.reduce(2))
    return backdrop


def _shadow(figure: Image.Image) -> Image.Image:
    """Draw the figure's shadow to the lower right. It is blurred at a small size, which is far cheaper."""
    outline = Image.new("L", figure.size)
    outline.paste(64, (8, 20), figure.getchannel("A"))
    return outline.reduce(8).filter(ImageFilter.GaussianBlur(2)).resize(figure.size, Image.Resampling.BICUBIC)


def _figure(product: SeedProduct) -> Image.Image:
    colours = MATERIALS | {"main": product.colour, "accent": product.accent}
    layer = Image.new("RGBA", (2 * SIDE, 2 * SIDE))
    pen = ImageDraw.Draw(layer)
    for shape in motifs()[product.motif].strip().splitlines():
        name, colour, *numbers = shape.split()
        SHAPES[name](pen, _tone(colour, colours), [float(number) for number in numbers])
    return layer.reduce(2)


def _tone(name: str, colours: dict[str, str]) -> Colour:
    """Return the colour `name`; a lighter one for `name+`, a darker one for `name-`."""
    colour = ImageColor.getrgb(colours[name.rstrip("+-")])
    if name.endswith("+"):
        return _mix(colour, WHITE, 0.35)
    return _mix(colour, NIGHT, 0.2) if name.endswith("-") else colour


def _mix(colour: Colour, other: Colour, share: float) -> Colour:
    return tuple(round(a + (b - a) * share) for a, b in zip(colour, other, strict=True))


def _scale(point: Point) -> Point:
    return point[0] * SCALE, point[1] * SCALE


def _points(numbers: list[float]) -> list[Point]:
    return list(zip(numbers[::2], numbers[1::2], strict=True))


def _add_mirror_image(numbers: list[float]) -> list[float]:
    """Complete the left half of an outline, from top to bottom, by its mirror image."""
    right = [(100 - x, y) for x, y in reversed(_points(numbers)) if x != 50]
    return numbers + [number for point in right for number in point]


def _smooth(points: list[Point], *, closed: bool) -> list[Point]:
    """Return a Catmull-Rom curve through the points."""
    around = [points[-1], *points, *points[:2]] if closed else [points[0], *points, points[-1]]
    curve = []
    for a, b, c, d in zip(around, around[1:], around[2:], around[3:], strict=False):
        for step in range(12):
            t = step / 12
            weights = (-t + 2 * t**2 - t**3, 2 - 5 * t**2 + 3 * t**3, t + 4 * t**2 - 3 * t**3, t**3 - t**2)
            curve.append(
                (
                    sum(w * p[0] for w, p in zip(weights, (a, b, c, d), strict=True)) / 2,
                    sum(w * p[1] for w, p in zip(weights, (a, b, c, d), strict=True)) / 2,
                )
            )
    return curve if closed else [*curve, points[-1]]


# ── The shapes of motifs.toml ────────────────────────────────────────────────


def _box(pen: ImageDraw.ImageDraw, colour: Colour, numbers: list[float]) -> None:
    """x0 y0 x1 y1 [radius of the corners]"""
    left, top, right, bottom, *radius = (number * SCALE for number in numbers)
    pen.rounded_rectangle((left, top, right, bottom), radius=sum(radius), fill=colour)


def _oval(pen: ImageDraw.ImageDraw, colour: Colour, numbers: list[float]) -> None:
    """x0 y0 x1 y1"""
    pen.ellipse([number * SCALE for number in numbers], fill=colour)


def _line(pen: ImageDraw.ImageDraw, colour: Colour, numbers: list[float]) -> None:
    """width x y x y …, with round ends"""
    width, *coordinates = numbers
    points = [_scale(point) for point in _points(coordinates)]
    pen.line(points, fill=colour, width=round(width * SCALE), joint="curve")
    for point in (points[0], points[-1]):
        pen.circle(point, width * SCALE / 2, fill=colour)


def _curve(pen: ImageDraw.ImageDraw, colour: Colour, numbers: list[float]) -> None:
    """width x y x y …, smooth through all points"""
    width, *coordinates = numbers
    smooth = _smooth(_points(coordinates), closed=False)
    _line(pen, colour, [width, *(number for point in smooth for number in point)])


def _arc(pen: ImageDraw.ImageDraw, colour: Colour, numbers: list[float]) -> None:
    """width x0 y0 x1 y1 start end: of the oval in that box, in degrees clockwise from the right"""
    width, left, top, right, bottom, start, end = numbers
    box = (left * SCALE, top * SCALE, right * SCALE, bottom * SCALE)
    pen.arc(box, start, end, fill=colour, width=round(width * SCALE))


def _poly(pen: ImageDraw.ImageDraw, colour: Colour, numbers: list[float]) -> None:
    """radius x y x y …: a polygon grown by that much, its corners round"""
    radius, *coordinates = numbers
    points = _points(coordinates)
    pen.polygon([_scale(point) for point in points], fill=colour)
    if radius:
        closed = [*points, *points[:2]]
        _line(pen, colour, [2 * radius, *(number for point in closed for number in point)])


def _blob(pen: ImageDraw.ImageDraw, colour: Colour, numbers: list[float]) -> None:
    """x y x y …: a closed smooth outline through all points"""
    pen.polygon([_scale(point) for point in _smooth(_points(numbers), closed=True)], fill=colour)


def _mirrored_poly(pen: ImageDraw.ImageDraw, colour: Colour, numbers: list[float]) -> None:
    _poly(pen, colour, [numbers[0], *_add_mirror_image(numbers[1:])])


def _mirrored_blob(pen: ImageDraw.ImageDraw, colour: Colour, numbers: list[float]) -> None:
    _blob(pen, colour, _add_mirror_image(numbers))


SHAPES: dict[str, Callable[[ImageDraw.ImageDraw, Colour, list[float]], None]] = {
    "box": _box,
    "oval": _oval,
    "line": _line,
    "curve": _curve,
    "arc": _arc,
    "poly": _poly,
    "blob": _blob,
    "|poly": _mirrored_poly,
    "|blob": _mirrored_blob,
}
