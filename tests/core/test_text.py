"""Text of a single line has one spelling."""

import unicodedata

import pytest
from django.core.exceptions import ValidationError

from catalog.models import Category
from core.text import beginning, single_line, validate_single_line
from orders.models import Shipping
from tests.hostile import hostile_strings


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("94103 ", "94103"),
        ("ada@example.com\n", "ada@example.com"),
        ("\tAda \u00a0\u3000 Lovelace\r\n", "Ada Lovelace"),
        ("Ada\tLovelace", "Ada Lovelace"),
        ("\ufeffAda\u200b", "Ada"),
        ("\u202aAda\u202c", "Ada"),
        ("A\u030angstro\u0308m", "Ångström"),
        ("نمی\u200cخواهم", "نمی\u200cخواهم"),
        ("👩\u200d🔬", "👩\u200d🔬"),
        ("Ada\nLovelace", "Ada\nLovelace"),
        ("", ""),
        (" \u2003\u200b ", ""),
    ],
)
def test_spelling(typed: str, kept: str) -> None:
    assert single_line(typed) == kept


def test_a_second_time_changes_nothing() -> None:
    for text in hostile_strings():
        once = single_line(text)
        assert single_line(once) == once
        assert unicodedata.is_normalized("NFC", once)


@pytest.mark.parametrize(
    "text", ["Ada\nLovelace", "a\rb", "a\x85b", "a\u2028b", "a\0b", "a\x1bb", "a\x7fb", "a\ud800b"]
)
def test_what_no_line_has(text: str) -> None:
    with pytest.raises(ValidationError):
        validate_single_line(text)


@pytest.mark.django_db
class TestFields:
    def test_are_written_in_one_spelling_without_being_checked(self) -> None:
        category = Category.objects.create(name=" Home\u00a0 &  Garden ", slug="home")
        category.refresh_from_db()
        assert category.name == "Home & Garden"
        assert Category.objects.get(name="Home  & Garden\u200b") == category

    def test_refuse_what_no_line_has(self) -> None:
        with pytest.raises(ValidationError) as refused:
            Shipping(first_name="Ada\nBuy at evil.example", email="ada\n@example.com").clean_fields(
                exclude=["phone", "address", "country"]
            )
        assert set(refused.value.message_dict) == {"first_name", "email"}


class TestBeginning:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("", ""),
            ("  Two\n\nlines. ", "Two lines."),
            ("0123456789", "0123456789"),
            ("one two three", "one two…"),
            ("one, two, three", "one, two…"),
            ("01234567890", "012345678…"),
        ],
    )
    def test_is_cut_between_words(self, text: str, expected: str) -> None:
        assert beginning(text, 10) == expected
