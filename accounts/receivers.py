"""Receivers that create the profile of every new user and delete the picture of a deleted profile."""

from functools import partial
from typing import Any

from django.db import transaction
from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver

from accounts.models import MAX_NAME_LENGTH, Profile, User
from core import images
from core.slugs import save_with_slug


@receiver(post_save, sender=User)
def make_profile(*, instance: User, created: bool, raw: bool, **_: Any) -> None:
    """Create the user's profile.

    It is named after the person, never after the e-mail address, which must stay private.
    """
    if created and not raw:
        name = f"{instance.first_name} {instance.last_name}".strip()[:MAX_NAME_LENGTH] or "Customer"
        save_with_slug(Profile(user=instance, name=name), name)


@receiver(post_delete, sender=Profile)
def delete_avatar(*, instance: Profile, **_: Any) -> None:
    if instance.avatar.name:
        transaction.on_commit(partial(images.delete, instance.avatar.name))
