"""The parts of HTTP's content negotiation that a kept answer needs: Accept-Encoding, If-None-Match, Vary."""

from collections.abc import Iterable
from functools import lru_cache

from django.utils.http import parse_etags

# Longer headers are ignored, and the answer is sent uncompressed.
MAX_CHARACTERS = 500
MAX_KNOWN = 100


# The encodings of an answer. A GZIP_ONLY client refuses an uncompressed answer, even a short one. These are strings,
# not an Enum, because they are part of the key of every request, and an Enum's hash costs a call.
IDENTITY, GZIP, GZIP_ONLY = "identity", "gzip", "gzip only"


def encoding(accepted: str) -> str:
    """Return IDENTITY, GZIP or GZIP_ONLY for a client with this Accept-Encoding (RFC 9110, 12.5.3)."""
    return _encoding(accepted) if len(accepted) <= MAX_CHARACTERS else IDENTITY


@lru_cache(maxsize=MAX_KNOWN)
def _encoding(accepted: str) -> str:
    wishes = dict(map(wish, filter(None, map(str.strip, accepted.lower().split(",")))))
    anything = wishes.get("*")
    gzip = wishes.get("gzip", wishes.get("x-gzip", anything or 0.0))
    identity = wishes.get("identity", anything)
    if not gzip:
        return IDENTITY
    if identity == 0:
        return GZIP_ONLY
    return GZIP if "identity" not in wishes or gzip >= (identity or 0) else IDENTITY


def wish(part: str) -> tuple[str, float]:
    """Return a coding and its weight. An invalid weight counts as 0, so that the coding is not used by mistake."""
    coding, *parameters = (piece.strip() for piece in part.split(";"))
    weight = 1.0
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                weight = float(value)
            except ValueError:
                weight = 0.0
    return coding, weight if 0 <= weight <= 1 else 0.0


def is_known(etag: str, if_none_match: str) -> bool:
    """Whether the client has the answer of this ETag, by weak comparison (RFC 9110, 13.1.2)."""
    known = parse_etags(if_none_match)
    return known == ["*"] or etag.removeprefix("W/") in (tag.removeprefix("W/") for tag in known)


def varies_only_by(vary: str, names: Iterable[str]) -> bool:
    """Whether a Vary header has only these names, in lower case."""
    return {name.strip().lower() for name in vary.split(",") if name.strip()} <= set(names)
