"""A picture to upload."""

from collections.abc import Callable
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image


@pytest.fixture
def picture() -> Callable[[], SimpleUploadedFile]:
    """A new upload of a picture, 60 wide and 40 high."""

    def upload() -> SimpleUploadedFile:
        buffer = BytesIO()
        Image.new("RGB", (60, 40), "teal").save(buffer, "PNG")
        return SimpleUploadedFile("me.png", buffer.getvalue(), content_type="image/png")

    return upload
