"""Building mails from templates, sending them with limits for each recipient, and shortening untrusted text."""

import logging
import re
import unicodedata
from smtplib import SMTPRecipientsRefused, SMTPResponseException
from typing import Any, Literal

from django.conf import settings
from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.db import transaction
from django.template.loader import render_to_string
from django.utils.translation import get_language_bidi

from core.emails import mailbox, normalize_email
from core.errors import TooManyAttempts
from core.languages import current_language
from core.throttle import Limit, too_many
from core.waiting import CircuitBreaker

logger = logging.getLogger(__name__)

# The parts of plain text that mail programs turn into links. IDNA takes each of these dots for one.
DOT = re.compile("[.\u2024\u3002\uff0e\uff61]")
LINK = re.compile(
    rf"[:\uff1a][/\uff0f]{{2}}|\bwww{DOT.pattern}|[^\W_]{DOT.pattern}[^\W\d_]{{2,}}", re.IGNORECASE
)

# Anyone can cause notices to another person, such as by orders with that address. They have a count of their own, so
# that they cannot use up the mails that the person's account needs: links, and the warning that its address changes.
Kind = Literal["account", "notice"]


# While the mail server does not answer, a mail fails at once, instead of holding a thread of the worker until the
# timeout. A server that refuses a mail has answered.
ANSWERS = (SMTPResponseException, SMTPRecipientsRefused)
breaker = CircuitBreaker(most=5, pause=10)


def build(template: str, *, to: str, **words: Any) -> EmailMessage:
    """Build a mail in the current language from `template`.txt and `.html`. The text's first line is the subject."""
    words["shop"] = {
        "name": settings.STORE_NAME,
        "url": settings.STORE_FRONTEND_URL,
        "address": settings.STORE_ADDRESS,
        "language": current_language(),
        "direction": "rtl" if get_language_bidi() else "ltr",
        "colour": settings.STORE_COLOUR,
        "text_colour": readable_on(settings.STORE_COLOUR),
    }
    subject, _, text = render_to_string(f"{template}.txt", words).partition("\n\n")
    mail = EmailMultiAlternatives(subject, text, to=[to])
    mail.attach_alternative(render_to_string(f"{template}.html", {**words, "subject": subject}), "text/html")
    return mail


def readable_on(colour: str) -> str:
    """Return white or black, whichever WCAG says has more contrast with the colour, `#rrggbb`."""
    parts = (int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5))
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return "#000000" if luminance > 0.179 else "#ffffff"


def send(mail: EmailMessage, *, kind: Kind = "notice") -> None:
    """Send the mail: a step of a task, which is tried again after an error. No transaction may be open.

    Only accepted mails count towards STORE_MAILS_PER_HOUR, so that attempts do not use it up.

    Raises:
        TooManyAttempts: a recipient has had STORE_MAILS_PER_HOUR of this kind.
        OSError: the mail server has not accepted it.
        RuntimeError: a transaction is open.
    """
    check_no_transaction()
    limit = Limit(action=f"mail_{kind}", rate=f"{settings.STORE_MAILS_PER_HOUR}/1h", by_account=True)
    mailboxes = [mailbox(normalize_email(recipient)) for recipient in mail.recipients()]
    for account in mailboxes:
        usage = limit.usage(None, account=account, increment=False)
        if usage["count"] >= usage["limit"]:
            raise too_many(limit, usage)
    if not breaker.lets_through():
        raise ConnectionError("The mail server has not been answering, so no mail is sent for a few seconds.")
    try:
        mail.send()
    except OSError as error:  # the class of smtplib's errors, too
        breaker.record(failed=not isinstance(error, ANSWERS))
        raise
    breaker.record(failed=False)
    for account in mailboxes:
        limit.usage(None, account=account, increment=True)


def send_or_drop(mail: EmailMessage, *, kind: Kind) -> None:
    """Send a mail that somebody has asked for. Beyond the recipient's limit it is dropped: people ask again."""
    try:
        send(mail, kind=kind)
    except TooManyAttempts:
        logger.warning(
            "A mail was not sent, because its recipient has reached this hour's limit: %s", mail.subject
        )


def check_no_transaction() -> None:
    """Check that no transaction but a test's own is open, as `atomic(durable=True)` does.

    It would keep its locks while the mail server answers, and could still roll back what the mail reports.

    Raises:
        RuntimeError: one is open.
    """
    blocks: list[Any] = transaction.get_connection().atomic_blocks
    if blocks and not blocks[-1]._from_testcase:
        raise RuntimeError("Send mail with no transaction open, in a task: core.tasks.enqueue(…).")


def shorten(text: str, *, most: int) -> str:
    """Cut untrusted text to one short line, and break anything that a mail program would turn into a link."""
    line = " ".join("".join(c if unicodedata.category(c)[0] != "C" else " " for c in text).split())
    line = LINK.sub(lambda found: DOT.sub(r"\g<0> ", found[0]) if DOT.search(found[0]) else " ", line)
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"
