"""The fonts of documents: those that a text needs, so that no character of an address is a blank square.

They are the Noto fonts of two packages, for the scripts of the world and for Chinese, Japanese and Korean. A text in
Latin, Greek or Cyrillic letters needs one of them. What no font has is written as its code, and logged.
"""

import logging
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import justmytype_intl_cjk
import manimgx_fonts
from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont
from fontTools.varLib.instancer import instantiateVariableFont

# It logs each step of cutting a font as INFO.
logging.getLogger("fontTools").setLevel(logging.WARNING)

SCRIPTS = Path(manimgx_fonts.__file__).parent
CJK = Path(justmytype_intl_cjk.__file__).parent / "fonts/ofl"
BASE = SCRIPTS / "NotoSans[wght].ttf"
EMOJI = SCRIPTS / "NotoEmoji[wght].ttf"
# Countries share characters, and draw them in their own ways. Other countries get the Japanese ones first.
CJK_OF = {"CN": "SC", "SG": "SC", "TW": "TC", "HK": "TC", "MO": "TC", "KR": "KR"}
WEIGHT = 400
# Characters that say how others are joined. A font need not have them.
JOINERS = frozenset("\N{ZERO WIDTH JOINER}\N{ZERO WIDTH NON-JOINER}")
# Signs that choose among the forms of the character before, such as of names in Japan: Unicode's Variation_Selector.
SELECTORS = re.compile("[\u180b-\u180d\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef]")


@dataclass(frozen=True)
class Choice:
    """The fonts that a text needs beside the base font, and the characters that none has."""

    fonts: tuple[Path, ...]
    missing: frozenset[str]


def choose(text: Iterable[str], *, country: str) -> Choice:
    """Return the fonts that have the text's characters, in the forms of the country."""
    left = {letter for letter in text if not is_format(letter)} - characters(BASE)
    chosen = []
    for path in candidates(country):
        if not left:
            break
        if found := left & characters(path):
            chosen.append(path)
            left -= found
    return Choice(tuple(chosen), frozenset(left))


def is_format(letter: str) -> bool:
    """Whether the character is a line's end or a sign that is not drawn."""
    return unicodedata.category(letter) in ("Cc", "Cf") or SELECTORS.fullmatch(letter) is not None


def candidates(country: str) -> Iterator[Path]:
    """Yield the fonts beside the base font in the order in which they are tried."""
    yield from sorted({*SCRIPTS.glob("NotoSans*.ttf")} - {BASE, SCRIPTS / "NotoSans-Italic[wght].ttf"})
    first = CJK_OF.get(country, "JP")
    for name in dict.fromkeys((first, "JP", "SC", "TC", "KR")):
        yield CJK / f"notosans{name.lower()}/NotoSans{name}[wght].ttf"
    yield EMOJI


@cache
def characters(path: Path) -> frozenset[str]:
    with TTFont(path, lazy=True) as font:
        return frozenset(map(chr, font.getBestCmap()))


def write_out(text: str, missing: frozenset[str]) -> str:
    """Return the text with the codes of missing characters in their place, and without signs that are not drawn.

    Accents are composed with their letters, which the fonts have as one.
    """
    kept = (
        letter for letter in unicodedata.normalize("NFC", text) if letter in JOINERS or not is_format(letter)
    )
    return "".join(f"[U+{ord(letter):04X}]" if letter in missing else letter for letter in kept)


def is_of_another_weight(path: Path) -> bool:
    """Whether the file as it stands, of a font of many weights, is not of the usual one: some are hair lines."""
    with TTFont(path, lazy=True) as font:
        return any(axis.axisTag == "wght" and axis.defaultValue != WEIGHT for axis in font["fvar"].axes)


def cut(path: Path, text: Iterable[str], *, target: Path) -> None:
    """Write a font with the characters of the text alone, in the usual weight. The whole font would take seconds."""
    options = Options()
    options.layout_features = ["*"]
    subsetter = Subsetter(options)
    subsetter.populate(text="".join(text))
    with TTFont(path, lazy=True) as font:
        subsetter.subset(font)
        instantiateVariableFont(font, {"wght": WEIGHT}, inplace=True).save(target)
