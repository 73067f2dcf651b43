"""User, who signs in by e-mail address, Profile, the public part of a person, and Address, of the address book."""

from contextlib import suppress
from functools import partial
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import passwords
from core.addresses import PostalAddress
from core.emails import AddressField, normalize_email
from core.slugs import SlugField
from core.text import LineField

MAX_NAME_LENGTH = 200


class UserManager(BaseUserManager["User"]):
    """Creates users with a hashed password. A user and its profile are created together or not at all."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(email=normalize_email(email), **fields)
        # Hashing takes a good part of a second: inside the transaction others would wait for it.
        user.set_password(password)
        with transaction.atomic():
            user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, **{"is_staff": True, "is_superuser": True, **fields})

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.with_email(username or "").get()

    def with_email(self, email: str) -> models.QuerySet["User"]:
        """The user with this address, in any spelling."""
        try:
            return self.filter(email=email)
        except ValidationError:  # no account has an address that cannot receive mail
            return self.none()


class User(AbstractBaseUser, PermissionsMixin):
    email = AddressField(
        "e-mail address",
        unique=True,
        error_messages={"unique": _("There is already an account with this e-mail address.")},
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
            # Uniqueness needs one spelling: SQL that bypasses the model must write lower case, too.
            models.CheckConstraint(condition=models.Q(email=Lower("email")), name="user_email_normalized")
        ]

    # Not a column: accounts.second_factor sets it on the user of a request.
    lacks_second_factor = False

    def __str__(self) -> str:
        return self.email

    @property
    def acts_as_staff(self) -> bool:
        """Whether this person has the rights of the staff in this session."""
        return self.is_staff and not self.lacks_second_factor

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        return not self.lacks_second_factor and super().has_perm(perm, obj)

    def has_module_perms(self, app_label: str) -> bool:
        return not self.lacks_second_factor and super().has_module_perms(app_label)

    @classmethod
    def nobody(cls, email: str) -> "User":
        """An unsaved user with no usable password, for guesses at an address that has no account."""
        user = cls(email=email)
        with suppress(ValidationError):  # one spelling, so that all guesses at this address count together
            user.email = normalize_email(email)
        user.set_unusable_password()
        return user

    def set_password(self, raw_password: str | None) -> None:
        """Hash the password and set it, without saving.

        Raises: TooManyAttempts, RateLimited.
        """
        with passwords.count_hash(self.email):
            super().set_password(raw_password)

    def check_password(self, raw_password: str | None) -> bool:
        """Whether this is the password. Every way to guess one comes through here.

        Raises: TooManyAttempts, RateLimited.
        """
        return passwords.guess(partial(super().check_password, raw_password), account=self.email)


class Profile(models.Model):
    """The public part of a user. A receiver creates one with each user."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="profile")
    name = LineField(max_length=MAX_NAME_LENGTH)
    slug = SlugField(editable=False)
    avatar = models.ImageField(upload_to="avatars", blank=True)
    avatar_width = models.PositiveIntegerField(null=True, editable=False)
    avatar_height = models.PositiveIntegerField(null=True, editable=False)
    avatar_placeholder = models.TextField(blank=True, editable=False)
    joined_at = models.DateTimeField(default=timezone.now, editable=False)

    def __str__(self) -> str:
        return self.name


class Address(PostalAddress):
    """An address in a person's address book. One of them is the default."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="addresses")
    is_default = models.BooleanField("default", default=False)

    class Meta:
        verbose_name_plural = "addresses"
        ordering = ["-is_default", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["user"], condition=models.Q(is_default=True), name="one_default_address_per_user"
            )
        ]
