"""Makes the profile of every new user, whoever makes the user: the API, the admin or createsuperuser."""

from typing import Any

from django.db.models.signals import post_save
from django.dispatch import receiver

from accounts.models import MAX_NAME_LENGTH, Profile, User
from backend.slugs import save_with_slug


@receiver(post_save, sender=User)
def make_profile(*, instance: User, created: bool, raw: bool, **_: Any) -> None:
    """Named after the person, never after the e-mail address, which strangers must not see."""
    if created and not raw:
        name = f"{instance.first_name} {instance.last_name}".strip()[:MAX_NAME_LENGTH] or "Customer"
        save_with_slug(Profile(user=instance, name=name), name)
