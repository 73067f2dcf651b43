"""Mail is limited for each recipient, and untrusted text in it is shortened."""

import socket
import time
from collections.abc import Iterator
from smtplib import SMTPRecipientsRefused, SMTPServerDisconnected
from typing import Any, get_args

import pytest
from django.core.mail import EmailMessage
from django.core.mail.backends.locmem import EmailBackend
from django.db import transaction
from pytest_django import Settings

from core.errors import TooManyAttempts
from core.mail import Kind, readable_on, send, shorten

Mails = list[EmailMessage]


def mail_to(*to: str) -> EmailMessage:
    return EmailMessage("Subject", "Body", to=list(to))


def refuse(*_: Any) -> int:
    raise SMTPServerDisconnected("Connection unexpectedly closed")


class TestLimit:
    def test_a_recipient_gets_so_many_in_an_hour(self, mailoutbox: Mails, settings: Settings) -> None:
        settings.STORE_MAILS_PER_HOUR = 2
        for _ in range(2):
            send(mail_to("ada@example.com"))
        with pytest.raises(TooManyAttempts) as refusal:
            send(mail_to("ada@example.com"))
        assert refusal.value.retry_after_seconds
        assert len(mailoutbox) == 2
        send(mail_to("bob@example.com"))
        assert len(mailoutbox) == 3

    def test_what_was_not_accepted_does_not_count(
        self, mailoutbox: Mails, settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        settings.STORE_MAILS_PER_HOUR = 1
        with monkeypatch.context() as patched:
            patched.setattr(EmailBackend, "send_messages", refuse)
            for _ in range(3):
                with pytest.raises(SMTPServerDisconnected):
                    send(mail_to("ada@example.com"))
        send(mail_to("ada@example.com"))
        assert len(mailoutbox) == 1

    def test_notices_leave_the_mails_of_the_account(self, mailoutbox: Mails, settings: Settings) -> None:
        settings.STORE_MAILS_PER_HOUR = 1
        send(mail_to("ada@example.com"))
        send(mail_to("ada@example.com"), kind="account")
        for kind in get_args(Kind):
            with pytest.raises(TooManyAttempts):
                send(mail_to("ada@example.com"), kind=kind)

    @pytest.mark.parametrize(
        "spelling", ["ada+1@example.com", "ADA@Example.com", "ada+2+3@EXAMPLE.com", "ada@example.com "]
    )
    def test_spellings_of_one_mailbox_share_it(
        self, mailoutbox: Mails, settings: Settings, spelling: str
    ) -> None:
        settings.STORE_MAILS_PER_HOUR = 1
        send(mail_to("ada@example.com"))
        with pytest.raises(TooManyAttempts):
            send(mail_to(spelling))
        assert len(mailoutbox) == 1


@pytest.mark.django_db
class TestTransactions:
    def test_an_open_one_is_refused(self, mailoutbox: Mails) -> None:
        with pytest.raises(RuntimeError, match="no transaction open"), transaction.atomic():
            send(mail_to("ada@example.com"))
        assert mailoutbox == []


class TestShortened:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("Ada", "Ada"),
            ("Marie-Claire Ø.", "Marie-Claire Ø."),
            ("a\r\nBcc: b", "a Bcc: b"),
            ("https://evil.example/x", "https evil. example/x"),
            ("WWW.evil.example", "WWW. evil. example"),
            ("evil.example", "evil. example"),
            ("evil\u3002example evil\uff0eexample", "evil\u3002 example evil\uff0e example"),
            ("evil\uff61example evil\u2024example", "evil\uff61 example evil\u2024 example"),
            ("https\uff1a\uff0f\uff0fevil\uff0eexample", "https evil\uff0e example"),
            ("Cable 1.5 m", "Cable 1.5 m"),
            ("x" * 50, "x" * 39 + "…"),
            ("\u202eevil\u200b", "evil"),
        ],
    )
    def test_is_one_line_without_a_link(self, text: str, expected: str) -> None:
        assert shorten(text, most=40) == expected


@pytest.fixture
def silent_server() -> Iterator[int]:
    """The port of a mail server that accepts connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


def test_a_silent_server_is_given_up(settings: Settings, silent_server: int) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", silent_server, 1
    started = time.monotonic()
    with pytest.raises(OSError, match="timed out"):
        send(mail_to("ada@example.com"))
    assert time.monotonic() - started < 5


class TestBreaker:
    def test_a_server_that_does_not_answer_is_left_alone(
        self, mailoutbox: Mails, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with monkeypatch.context() as patched:
            patched.setattr(EmailBackend, "send_messages", refuse)
            for _ in range(5):
                with pytest.raises(SMTPServerDisconnected):
                    send(mail_to("ada@example.com"))
        with pytest.raises(ConnectionError, match="has not been answering"):
            send(mail_to("ada@example.com"))
        assert mailoutbox == []

    def test_recipients_that_it_refuses_stop_nobody_else(
        self, mailoutbox: Mails, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse_recipient(*_: Any) -> int:
            raise SMTPRecipientsRefused({"ada@example.com": (550, b"No such user")})

        with monkeypatch.context() as patched:
            patched.setattr(EmailBackend, "send_messages", refuse_recipient)
            for _ in range(6):
                with pytest.raises(SMTPRecipientsRefused):
                    send(mail_to("ada@example.com"))
        send(mail_to("bob@example.com"))
        assert len(mailoutbox) == 1


@pytest.mark.parametrize(
    ("colour", "text"),
    [("#000000", "#ffffff"), ("#1f2937", "#ffffff"), ("#FFCC00", "#000000"), ("#ffffff", "#000000")],
)
def test_text_is_readable_on_every_colour(colour: str, text: str) -> None:
    assert readable_on(colour) == text
