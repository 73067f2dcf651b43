"""Sending mail: few to each person in an hour, and nothing long in them that a stranger has typed."""

import logging
import re
import unicodedata

from django.conf import settings
from django.core.mail import EmailMessage

from core.emails import mailbox, normalize_email
from core.errors import TooManyAttempts
from core.throttle import Limit, count_attempt
from core.waiting import place_to_wait

logger = logging.getLogger(__name__)

# By what mail programs make a link of plain text.
LINK = re.compile(r"://|\bwww\.|[^\W_]\.[^\W\d_]{2,}", re.IGNORECASE)


def send(mail: EmailMessage) -> bool:
    """Whether a mail server has accepted it. Call it with no transaction open.

    A recipient who has had STORE_MAILS_PER_HOUR is spared. A server that fails, or that too many threads wait for
    already, is logged: what was done stays done.
    """
    limit = Limit(action="mail", rate=f"{settings.STORE_MAILS_PER_HOUR}/1h", by_account=True)
    try:
        for recipient in mail.recipients():
            count_attempt(None, [limit], account=mailbox(normalize_email(recipient)))
        with place_to_wait():
            mail.send()
    except TooManyAttempts:
        logger.warning("A mail was not sent, as its recipient has had enough in this hour: %s", mail.subject)
        return False
    except OSError:  # smtplib's errors, too, are of this class
        logger.exception("A mail could not be sent: %s", mail.subject)
        return False
    return True


def shorten(text: str, *, most: int) -> str:
    """One line of a stranger's text for a mail: cut, and without anything that a mail program makes a link of."""
    line = " ".join("".join(c if unicodedata.category(c)[0] != "C" else " " for c in text).split())
    line = LINK.sub(lambda found: found[0].replace(".", ". ").replace("://", " "), line)
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"
