"""Slugs in every script."""

import pytest
from django.core.exceptions import ValidationError

from core.slugs import slug_of, validate_slug


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
    validate_slug(slug)


@pytest.mark.parametrize("text", ["काला कमीज़", "a/b", "a.b", "📎", "a\n", "½ ⁄"])
def test_other_signs_are_refused(text: str) -> None:
    with pytest.raises(ValidationError, match="Use only letters, digits, hyphens and underscores"):
        validate_slug(text)
