"""Content negotiation, by the examples of RFC 9110 and by what clients send."""

import pytest

from packages.answer_cache.negotiation import MAX_CHARACTERS, Encoding, encoding, is_known, varies_only_by


@pytest.mark.parametrize(
    ("accepted", "expected"),
    [
        ("", Encoding.IDENTITY),
        ("gzip", Encoding.GZIP),
        ("gzip, deflate, br, zstd", Encoding.GZIP),
        ("GZip;Q=1", Encoding.GZIP),
        ("x-gzip", Encoding.GZIP),
        ("*", Encoding.GZIP),
        ("br;q=1.0, gzip;q=0.8, *;q=0.1", Encoding.GZIP),
        ("deflate, br", Encoding.IDENTITY),
        ("gzip;q=0", Encoding.IDENTITY),
        ("gzip; q=0.000", Encoding.IDENTITY),
        ("gzip;q=0, *", Encoding.IDENTITY),
        ("*;q=0", Encoding.IDENTITY),
        ("notgzip", Encoding.IDENTITY),
        ("gzip;q=abc", Encoding.IDENTITY),
        ("gzip;q=2", Encoding.IDENTITY),
        ("gzip;q=nan", Encoding.IDENTITY),
        ("identity, gzip;q=0.5", Encoding.IDENTITY),
        ("identity;q=0.5, gzip", Encoding.GZIP),
        ("gzip, identity;q=0", Encoding.GZIP_ONLY),
        ("gzip, *;q=0", Encoding.GZIP_ONLY),
        ("identity;q=0", Encoding.IDENTITY),  # there is no other, and an answer is better than none
        (", ,gzip,", Encoding.GZIP),
        ("gzip," + " " * MAX_CHARACTERS, Encoding.IDENTITY),
    ],
)
def test_encoding(accepted: str, expected: Encoding) -> None:
    assert encoding(accepted) is expected


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
