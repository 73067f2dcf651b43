"""Addresses have one spelling, and those that cannot receive mail are refused."""

import pytest
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from hypothesis import given, settings
from hypothesis import strategies as st

from core.emails import mailbox, normalize_email


class TestNormalized:
    @pytest.mark.parametrize(
        ("address", "expected"),
        [
            ("ada@example.com", "ada@example.com"),
            ("ADA@Example.COM", "ada@example.com"),
            (" ada@example.com\n", "ada@example.com"),
            ("ada@example.com\u200b", "ada@example.com"),
            ("\u202aada@example.com\u202c", "ada@example.com"),
            ("\ufeffada@example.com", "ada@example.com"),
            ("ada@exam\u00adple.com", "ada@example.com"),
            (
                "\uff41d\uff41\uff20exampl\uff45\uff0ecom",
                "ada@example.com",
            ),
            ("ada@example。com", "ada@example.com"),
            ("\u212aay@example.com", "kay@example.com"),  # the sign for kelvin
            ("ada@MÜNCHEN.example", "ada@xn--mnchen-3ya.example"),
            ("ada@mu\u0308nchen.example", "ada@xn--mnchen-3ya.example"),
            ("ada@xn--mnchen-3ya.example", "ada@xn--mnchen-3ya.example"),
            ("ada@XN--MNCHEN-3YA.example", "ada@xn--mnchen-3ya.example"),
            ("ada@straße.example", "ada@xn--strae-oqa.example"),
            ("ada@例え.jp", "ada@xn--r8jz45g.jp"),
            ("a@אב1.com", "a@xn--1-zhcd.com"),  # IDNA 2003, and so Python's codec, refuses it
            ("first.last+tag@example.co.uk", "first.last+tag@example.co.uk"),
            ("o'neil@example.com", "o'neil@example.com"),
            ("a" * 64 + "@example.com", "a" * 64 + "@example.com"),
        ],
    )
    def test_spellings_of_one_address(self, address: str, expected: str) -> None:
        assert normalize_email(address) == expected
        assert normalize_email(normalize_email(address)) == expected

    @pytest.mark.parametrize(
        "address",
        [
            "",
            "@",
            "ada",
            "ada@",
            "@example.com",
            "a@" + "ü" * 60 + ".com",  # a label of 64 characters once it is encoded
            "a@xn--a.com",
            "a@xn--zzzzzzzzz99999.com",
            "a@☃.com",
            "a@-example.com",
            "a@exa_mple.com",
            "a@example..com",
            "a@example.com.",
            "a@[127.0.0.1]",
            "İ@example.com",
            "\u0131@example.com",
            "jürgen@example.com",
            "a\u200bda@example.com",
            "ada lovelace@example.com",
            '"ada lovelace"@example.com',
            "ada@example.com\nBcc: all@example.com",
            "ada@example.com, bob@example.com",
            "ada@bob@example.com",
            "Ada <ada@example.com>",
            ".ada@example.com",
            "a..da@example.com",
            "a" * 65 + "@example.com",
            "a@" + ".".join(["b" * 62] * 4) + ".com",  # 255 characters
            "a" * 1001,
            " " * 1_000_000,
            "a@" + "。" * 500,
        ],
    )
    def test_what_cannot_be_mailed_is_refused(self, address: str) -> None:
        with pytest.raises(ValidationError):
            normalize_email(address)

    @pytest.mark.slow
    @settings(max_examples=50)
    @given(
        st.one_of(
            st.emails(),
            st.builds("{}@{}.{}".format, st.text(max_size=70), st.text(max_size=70), st.text(max_size=10)),
            st.builds(
                "a@{}.{}".format, st.text("äüאבあ\u0966a1-", max_size=70), st.sampled_from(["com", "рф"])
            ),
        )
    )
    def test_what_is_accepted_can_be_mailed_and_is_stable(self, address: str) -> None:
        try:
            result = normalize_email(address)
        except ValidationError:
            return
        assert result.isascii()
        assert normalize_email(result) == result
        message = EmailMessage("Subject", "Body", "shop@example.com", [result]).message()
        assert message["To"] == result


class TestMailbox:
    @pytest.mark.parametrize(
        ("address", "expected"),
        [
            ("ada@example.com", "ada@example.com"),
            ("ada+shop@example.com", "ada@example.com"),
            ("ada+1+2@example.com", "ada@example.com"),
        ],
    )
    def test_leaves_out_what_anyone_may_add(self, address: str, expected: str) -> None:
        assert mailbox(address) == expected
