"""Fast password hashing, a frozen clock for throttling, and a picture to upload."""

from collections.abc import Callable
from io import BytesIO
from types import SimpleNamespace

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image
from pytest_django import Settings


@pytest.fixture(autouse=True)
def _fast_passwords(settings: Settings) -> None:
    """Hash passwords fast: the tests are about rights, not about the cost of a guess."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def picture() -> Callable[[], SimpleUploadedFile]:
    """A new upload of a picture, 60 wide and 40 high."""

    def upload() -> SimpleUploadedFile:
        buffer = BytesIO()
        Image.new("RGB", (60, 40), "teal").save(buffer, "PNG")
        return SimpleUploadedFile("me.png", buffer.getvalue(), content_type="image/png")

    return upload


@pytest.fixture(autouse=True)
def _standing_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Freeze django-ratelimit's clock, so that no window ends while a test fills it."""
    monkeypatch.setattr("django_ratelimit.core.time", SimpleNamespace(time=lambda: 1_800_000_000))
