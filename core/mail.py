"""The way out for mail."""

from django.core.mail import EmailMessage

from core.waiting import place_to_wait


def send(mail: EmailMessage) -> None:
    """Hand it to the mail server. OSError where it refuses or is silent, or too many threads wait for it already.

    No transaction may be open.
    """
    with place_to_wait():
        mail.send()
