"""Sending mail: few to each person in an hour, and nothing long in them that a stranger has typed."""

import logging
import re
import unicodedata

from django.conf import settings
from django.core.mail import EmailMessage

from core.emails import mailbox, normalized
from core.errors import TooManyAttempts
from core.throttle import Limit, count_attempt
from core.waiting import place_to_wait

logger = logging.getLogger(__name__)

# By what mail programs make a link of plain text. IDNA takes each of these dots for one.
DOT = re.compile("[.\u2024\u3002\uff0e\uff61]")
LINK = re.compile(
    rf"[:\uff1a][/\uff0f]{{2}}|\bwww{DOT.pattern}|[^\W_]{DOT.pattern}[^\W\d_]{{2,}}", re.IGNORECASE
)


def send(mail: EmailMessage) -> bool:
    """Whether a mail server has accepted it. Call it with no transaction open.

    A recipient who has had STORE_MAILS_PER_HOUR is spared. A server that fails, or that too many threads wait for
    already, is logged: what was done stays done.
    """
    limit = Limit(action="mail", rate=f"{settings.STORE_MAILS_PER_HOUR}/1h", by_account=True)
    try:
        for recipient in mail.recipients():
            count_attempt(None, [limit], account=mailbox(normalized(recipient)))
        with place_to_wait():
            mail.send()
    except TooManyAttempts:
        logger.warning("A mail was not sent, as its recipient has had enough in this hour: %s", mail.subject)
        return False
    except OSError:  # smtplib's errors, too, are of this class
        logger.exception("A mail could not be sent: %s", mail.subject)
        return False
    return True


def shortened(text: str, *, most: int) -> str:
    """One line of a stranger's text for a mail: cut, and without anything that a mail program makes a link of."""
    line = " ".join("".join(c if unicodedata.category(c)[0] != "C" else " " for c in text).split())
    line = LINK.sub(lambda found: DOT.sub(r"\g<0> ", found[0]) if DOT.search(found[0]) else " ", line)
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"
