"""Slugs in every script."""

import pytest

from core.slugs import slug_of


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("काला कमीज़", "काला-कमीज़"),
        ("เสื้อยืด สีขาว", "เสื้อยืด-สีขาว"),
        ("赤い ワンピース ﾃﾚﾋﾞ", "赤い-ワンピース-テレビ"),
        ("Crème & Brûlée – 2½!", "crème-brûlée-212"),
        ("--_a__b_--", "a__b"),
        ("📎", "thing"),
    ],
)
def test_slugs_keep_marks(text: str, slug: str) -> None:
    assert slug_of(text, fallback="thing") == slug
