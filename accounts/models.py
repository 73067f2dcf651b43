"""User, whose login is the e-mail address, and Profile, which is what strangers see."""

from contextlib import suppress
from functools import partial
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models.functions import Lower
from django.utils import timezone

from accounts import passwords
from core.emails import AddressField, normalize_email
from core.slugs import MAX_LENGTH
from core.text import LineField

MAX_NAME_LENGTH = 200


class UserManager(BaseUserManager["User"]):
    """Makes users with a hashed password; each comes with its profile or not at all."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(email=normalize_email(email), **fields)
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
        """The one user of this address, however it is spelled."""
        try:
            return self.filter(email=email)
        except ValidationError:  # nobody has an address that cannot be mailed
            return self.none()


class User(AbstractBaseUser, PermissionsMixin):
    email = AddressField(
        "e-mail address",
        unique=True,
        error_messages={"unique": "There is already an account with this e-mail address."},
    )
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
            # The column is unique and its values normalized: what is written past the model must be lowered, too.
            models.CheckConstraint(condition=models.Q(email=Lower("email")), name="user_email_normalized")
        ]

    # Set on the user of a request by accounts.second_factor; no column.
    lacks_second_factor = False

    def __str__(self) -> str:
        return self.email

    @property
    def acts_as_staff(self) -> bool:
        """Whether what the staff may do is open to this person now."""
        return self.is_staff and not self.lacks_second_factor

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        return not self.lacks_second_factor and super().has_perm(perm, obj)

    def has_module_perms(self, app_label: str) -> bool:
        return not self.lacks_second_factor and super().has_module_perms(app_label)

    @classmethod
    def nobody(cls, email: str) -> "User":
        """An unsaved user whose password nobody knows, on whom a guess takes as long as on anybody."""
        user = cls(email=email)
        with suppress(ValidationError):  # counted under the one spelling, as guesses at an account are
            user.email = normalize_email(email)
        user.set_unusable_password()
        return user

    def set_password(self, raw_password: str | None) -> None:
        """Hash and set it; nothing is saved. Raises: TooManyAttempts, RateLimited."""
        with passwords.count_hash(self.email):
            super().set_password(raw_password)

    def check_password(self, raw_password: str | None) -> bool:
        """Whether it is the password. Every way to guess one comes through here.

        Raises: TooManyAttempts, RateLimited.
        """
        return passwords.guess(partial(super().check_password, raw_password), account=self.email)


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
