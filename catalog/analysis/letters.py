"""Letters: their case, accents, marks and scripts."""

import re
import unicodedata
from functools import lru_cache

# The size of each LRU cache; a shop has fewer words. Searches for words of search.query.MAX_TERM_LENGTH can fill all of
# the caches together with 40 MB.
KNOWN_WORDS = 10_000

# Signs that only shape what is around them, such as joiners, and the Arabic letter that only fills a line.
SHAPING = dict.fromkeys((0x00AD, 0x0640, 0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF))
# Marks that writers leave out: accents of Latin, Greek and Cyrillic, points of Hebrew and Arabic. The vowels of Indic
# scripts and the voicing of kana are marks, too, but part of the word.
ACCENTS = re.compile(
    "[\u0300-\u036f\u0483-\u0487\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed\u093c"
    "\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe00-\ufe0f\ufe20-\ufe2f]"
)
# Letters that are written as others where a keyboard has no such key, and that no decomposition gives.
PLAIN = str.maketrans(
    dict(zip("łøđıðħŋ", "lodidhn", strict=True))
    | {"æ": "ae", "œ": "oe", "þ": "th"}
    | dict(zip("ةىٱیک", "هيايك", strict=True))
    | {"ς": "σ", "ँ": "ं"}
    | dict(zip("ךםןףץ", "כמנפצ", strict=True))
    | {"װ": "וו", "ױ": "וי", "ײ": "יי"}
    # The letters of Ukrainian, Kazakh, Kyrgyz, Tatar and Tajik that a Russian keyboard does not have.
    | dict(zip("ґғқҡңөүұәҗҳһҷ", "ггккноууажххч", strict=True))
    # Japanese writes many words in either kana.
    | {chr(code): chr(code + 0x60) for code in range(0x3041, 0x3097)}
)
# Hindi writes a nasal before a consonant of its class as a letter or as a dot: "कम्बल", "कंबल".
NASAL = re.compile("ङ्(?=[क-घ])|ञ्(?=[च-झ])|ण्(?=[ट-ढ])|न्(?=[त-ध])|म्(?=[प-भ])")
# The other way to write letters without such a key: "Smoerrebroed", "Buecherregal".
SPELT_OUT = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa"})
# The blocks that have marks and digits of other scripts. Between them are thousands of Chinese and Korean letters.
BLOCKS = (*range(0x80, 0x3100), *range(0xA000, 0xAC00), *range(0xFB00, 0x12000))
MARKS = "".join(chr(code) for code in BLOCKS if unicodedata.category(chr(code))[0] == "M")
DIGITS = {code: str(unicodedata.decimal(chr(code))) for code in BLOCKS if chr(code).isdecimal()}


def compose(text: str) -> str:
    """Return the text with one way to write each letter and digit, without signs that only shape others."""
    if text.isascii():
        return text
    return unicodedata.normalize("NFKC", text.translate(SHAPING)).translate(DIGITS)


@lru_cache(maxsize=KNOWN_WORDS)
def fold(word: str) -> str:
    """Return the word without accents, in letters that every keyboard of its script has."""
    if word.isascii():
        return word
    plain = NASAL.sub("ं", ACCENTS.sub("", unicodedata.normalize("NFD", word.translate(PLAIN))))
    return unicodedata.normalize("NFC", plain).translate(PLAIN)


@lru_cache(maxsize=KNOWN_WORDS)
def forms(word: str) -> tuple[str, ...]:
    """Return the folded word, and the one in which letters such as "ø" are spelt out, if it has any."""
    return tuple(dict.fromkeys((fold(word), fold(word.translate(SPELT_OUT)))))
