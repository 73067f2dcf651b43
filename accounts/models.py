"""User, whose login is the e-mail address, and Profile, which is what strangers see."""

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models, transaction
from django.db.models.functions import Lower
from django.utils import timezone

from core.slugs import MAX_LENGTH
from core.text import LineField

MAX_NAME_LENGTH = 200


class UserManager(BaseUserManager["User"]):
    """Makes users with a hashed password; each comes with its profile or not at all."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(email=self.normalize_email(email), **fields)
        # Takes a good part of a second, in which nobody shall wait for this transaction.
        user.set_password(password)
        with transaction.atomic():
            user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, **{"is_staff": True, "is_superuser": True, **fields})

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.with_email(username or "").get()

    def with_email(self, email: str) -> models.QuerySet["User"]:
        """The one user of this address, whatever its case; the database lowers both sides, so they agree."""
        return self.alias(lower_email=Lower("email")).filter(lower_email=Lower(models.Value(email)))


class User(AbstractBaseUser, PermissionsMixin):
    email = models.EmailField("e-mail address", unique=True)
    email_verified = models.BooleanField("e-mail verified", default=False)
    first_name = LineField(max_length=100, blank=True)
    last_name = LineField(max_length=100, blank=True)
    is_staff = models.BooleanField("staff", default=False, help_text="May sign in to the admin.")
    is_active = models.BooleanField("active", default=True, help_text="Switch off instead of deleting.")

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                name="user_email_unique",
                violation_error_message="There is already an account with this e-mail address.",
            )
        ]

    def __str__(self) -> str:
        return self.email


class Profile(models.Model):
    """Made by a receiver whenever a user is made."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="profile")
    name = LineField(max_length=MAX_NAME_LENGTH)
    slug = models.SlugField(max_length=MAX_LENGTH, unique=True, allow_unicode=True, editable=False)
    avatar = models.ImageField(upload_to="avatars", blank=True)
    avatar_width = models.PositiveIntegerField(null=True, editable=False)
    avatar_height = models.PositiveIntegerField(null=True, editable=False)
    avatar_placeholder = models.TextField(blank=True, editable=False)
    joined_at = models.DateTimeField(default=timezone.now, editable=False)

    def __str__(self) -> str:
        return self.name
