"""Content negotiation, with the examples of RFC 9110 and headers of real clients."""

import pytest

from packages.answer_cache.negotiation import (
    GZIP,
    GZIP_ONLY,
    IDENTITY,
    MAX_CHARACTERS,
    encoding,
    is_known,
    varies_only_by,
)


@pytest.mark.parametrize(
    ("accepted", "expected"),
    [
        ("", IDENTITY),
        ("gzip", GZIP),
        ("gzip, deflate, br, zstd", GZIP),
        ("GZip;Q=1", GZIP),
        ("x-gzip", GZIP),
        ("*", GZIP),
        ("br;q=1.0, gzip;q=0.8, *;q=0.1", GZIP),
        ("deflate, br", IDENTITY),
        ("gzip;q=0", IDENTITY),
        ("gzip; q=0.000", IDENTITY),
        ("gzip;q=0, *", IDENTITY),
        ("*;q=0", IDENTITY),
        ("notgzip", IDENTITY),
        ("gzip;q=abc", IDENTITY),
        ("gzip;q=2", IDENTITY),
        ("gzip;q=nan", IDENTITY),
        ("identity, gzip;q=0.5", IDENTITY),
        ("identity;q=0.5, gzip", GZIP),
        ("gzip, identity;q=0", GZIP_ONLY),
        ("gzip, *;q=0", GZIP_ONLY),
        ("identity;q=0", IDENTITY),  # nothing else is acceptable, and an answer is better than none
        (", ,gzip,", GZIP),
        ("gzip," + " " * MAX_CHARACTERS, IDENTITY),
    ],
)
def test_encoding(accepted: str, expected: str) -> None:
    assert encoding(accepted) == expected


@pytest.mark.parametrize(
    ("if_none_match", "known"),
    [
        ('"abc"', True),
        ('W/"abc"', True),
        ('"x", "abc"', True),
        ('"x",W/"abc"', True),
        ("*", True),
        (" * ", True),
        ('"x"', False),
        ('"xabc"', False),
        ('"abcx"', False),
        ("abc", False),
        ('"x", *', False),
        ("", False),
    ],
)
def test_is_known(if_none_match: str, known: bool) -> None:
    assert is_known('"abc"', if_none_match) is known
    assert is_known('W/"abc"', if_none_match) is known


@pytest.mark.parametrize(
    ("vary", "only"),
    [
        ("", True),
        ("Cookie", True),
        ("cookie,  ORIGIN", True),
        ("Accept-Language", False),
        ("Cookie, *", False),
    ],
)
def test_varies_only_by(vary: str, only: bool) -> None:
    assert varies_only_by(vary, {"cookie", "origin"}) is only
