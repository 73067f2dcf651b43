"""Words: from a text to its words, also where no space is between them."""

import re
import unicodedata
from collections.abc import Iterator

from catalog.analysis.languages import ELISION
from catalog.analysis.letters import MARKS, SHAPING, compose

# Letters with their marks and digits, with the signs that join them within a word. A fraction is one part, for "1/2" is
# not 12.
OVER = "\N{FRACTION SLASH}"
WITHIN = MARKS + "".join(map(chr, SHAPING))
PART = re.compile(rf"\d+{OVER}\d+|[^\W_]+(?:[{WITHIN}]+[^\W_]*)*")
WORD = re.compile(rf"(?:{PART.pattern})(?:[-'’./&+](?:{PART.pattern}))*")
LETTERS_OR_DIGITS = re.compile(rf"\d+{OVER}\d+|\d+|[^\W\d_]+(?:[{WITHIN}]+[^\W\d_]*)*")
POSSESSIVE = re.compile(r"['’]s\b")
FRACTION = re.compile(r"(?<![\d/.])(\d)/([2-9]|10|16|32|64)(?![\d/.])")
# Names that are a letter with a sign: "C++", "C#".
SIGNED = re.compile(r"\b([a-z])(\+\+|#)(?![^\W_])")
SIGNS = {"++": "plusplus", "#": "sharp"}

# Scripts without spaces. Two letters of Chinese and Japanese are about a word, three of the others about a syllable.
HAN = "\u3005-\u3007\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
HIRAGANA, KATAKANA, LENGTH_SIGN = "\u3041-\u309f", "\u30a1-\u30ff\u31f0-\u31ff", "\u30fc"
SOUTHEAST = ("\u0e00-\u0e7f", "\u0e80-\u0eff", "\u1780-\u17ff", "\u1000-\u109f")
HANGUL = "\uac00-\ud7a3"
BY_TWO = re.compile(f"[{HAN}{HIRAGANA}{KATAKANA}]")
BY_THREE = re.compile(f"[{''.join(SOUTHEAST)}]")
SPLIT = f"{HAN}{HIRAGANA}{KATAKANA}{''.join(SOUTHEAST)}{HANGUL}"
IS_SPLIT = re.compile(f"[{SPLIT}]")
# A word ends where the script changes: "赤いワンピース", "iPhone手机壳", "LED조명".
SEGMENT = re.compile(
    f"[{HAN}]+|[{HIRAGANA}][{HIRAGANA}{LENGTH_SIGN}]*|[{KATAKANA}]+|[{HANGUL}]+|"
    + "|".join(f"[{letters}]+" for letters in SOUTHEAST)
    + f"|[^{SPLIT}]+"
)


def normal(text: str) -> str:
    """Return the text without case and possessive endings, and with one way to write each letter."""
    # Signs such as "™" are composed of capitals, and the database lowers all letters.
    text = POSSESSIVE.sub("", compose(text.casefold()).lower())
    text = FRACTION.sub(rf"\1{OVER}\2", text)
    return SIGNED.sub(lambda found: found[1] + SIGNS[found[2]], text)


def words(text: str) -> list[str]:
    """Return the words of a normalized text in order. Compounds stay whole, and symbols count as words."""
    if not IS_SPLIT.search(text):
        return runs(text)
    return [word for run in runs(text) for word in (segments(run) if IS_SPLIT.search(run) else (run,))]


def runs(text: str) -> list[str]:
    """Return what stands between spaces and signs, in order, and symbols. It may be several words in some scripts."""
    if text.isascii():
        return WORD.findall(text)
    found: list[str] = []
    end = 0
    for match in WORD.finditer(text):
        found += symbols(text[end : match.start()])
        found.append(match[0])
        end = match.end()
    return found + symbols(text[end:])


def parts_of(word: str) -> list[str]:
    """Return the parts of a word between its signs, without an elided article. A symbol is its own part."""
    parts = PART.findall(word) or [word]
    return parts[1:] if ELISION.match(word) else parts


def symbols(text: str) -> list[str]:
    return [sign for sign in text if unicodedata.category(sign) == "So"]


def segments(run: str) -> list[str]:
    return [segment for segment in SEGMENT.findall(run) if PART.search(segment)]


def tails(run: str) -> Iterator[str]:
    """Yield the run from each of its words on: somebody may begin to type any of them."""
    if not IS_SPLIT.search(run):
        yield run
        if elided := ELISION.match(run.lower()):
            yield run[elided.end() :]
        return
    for match in SEGMENT.finditer(run):
        if PART.search(match[0]):
            yield run[match.start() :]


def gram_size(word: str) -> int:
    """Return the number of letters that are looked up together; 0 in scripts with spaces."""
    if word.isascii():
        return 0
    return 2 if BY_TWO.match(word) else 3 if BY_THREE.match(word) else 0


def grams(word: str, size: int) -> list[str]:
    """Return all pieces of the size, overlapping, or the word if it is shorter."""
    return [word[start : start + size] for start in range(max(len(word) - size, 0) + 1)]
