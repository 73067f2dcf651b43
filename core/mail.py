"""Sending of mail, with hourly limits for each recipient, and shortening of untrusted text."""

import logging
import re
import unicodedata
from typing import Any, Literal

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction

from core.emails import mailbox, normalize_email
from core.errors import TooManyAttempts
from core.throttle import Limit, count_attempt
from core.waiting import place_to_wait

logger = logging.getLogger(__name__)

# The parts of plain text that mail programs turn into links. IDNA takes each of these dots for one.
DOT = re.compile("[.\u2024\u3002\uff0e\uff61]")
LINK = re.compile(
    rf"[:\uff1a][/\uff0f]{{2}}|\bwww{DOT.pattern}|[^\W_]{DOT.pattern}[^\W\d_]{{2,}}", re.IGNORECASE
)

# Anyone can cause notices to another person, such as by orders with that address. They have a count of their own, so
# that they cannot use up the mails that the person's account needs: links, and the warning that its address changes.
Kind = Literal["account", "notice"]


def send(mail: EmailMessage, *, kind: Kind = "notice") -> bool:
    """Send the mail, and return whether a mail server has accepted it. No transaction may be open.

    A recipient who has had STORE_MAILS_PER_HOUR of a kind gets no more of it. A failure of the server, or too many
    threads waiting for it, is logged and not raised: the work that the mail reports is committed already.

    Raises:
        RuntimeError: a transaction is open.
    """
    check_no_transaction()
    limit = Limit(action=f"mail_{kind}", rate=f"{settings.STORE_MAILS_PER_HOUR}/1h", by_account=True)
    try:
        for recipient in mail.recipients():
            count_attempt(None, [limit], account=mailbox(normalize_email(recipient)))
        with place_to_wait():
            mail.send()
    except TooManyAttempts:
        logger.warning(
            "A mail was not sent, because its recipient has reached this hour's limit: %s", mail.subject
        )
        return False
    except OSError:  # the class of smtplib's errors, too
        logger.exception("A mail could not be sent: %s", mail.subject)
        return False
    return True


def check_no_transaction() -> None:
    """Check that no transaction but a test's own is open, as `atomic(durable=True)` does.

    It would keep its locks while the mail server answers, and could still roll back what the mail reports.

    Raises:
        RuntimeError: one is open.
    """
    blocks: list[Any] = transaction.get_connection().atomic_blocks
    if blocks and not blocks[-1]._from_testcase:
        raise RuntimeError("Send mail with no transaction open: transaction.on_commit(…, robust=True).")


def shorten(text: str, *, most: int) -> str:
    """Cut untrusted text to one short line, and break anything that a mail program would turn into a link."""
    line = " ".join("".join(c if unicodedata.category(c)[0] != "C" else " " for c in text).split())
    line = LINK.sub(lambda found: DOT.sub(r"\g<0> ", found[0]) if DOT.search(found[0]) else " ", line)
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"
