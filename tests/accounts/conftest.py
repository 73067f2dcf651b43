"""A picture to upload."""

from collections.abc import Callable
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.mail import EmailMessage
from PIL import Image

from tests.tasks import Outbox


@pytest.fixture
def picture() -> Callable[[], SimpleUploadedFile]:
    """A new upload of a picture, 60 wide and 40 high."""

    def upload() -> SimpleUploadedFile:
        buffer = BytesIO()
        Image.new("RGB", (60, 40), "teal").save(buffer, "PNG")
        return SimpleUploadedFile("me.png", buffer.getvalue(), content_type="image/png")

    return upload


@pytest.fixture
def mailoutbox(mailoutbox: list[EmailMessage]) -> Outbox:
    """The mails so far, once the tasks have run."""
    return Outbox()
