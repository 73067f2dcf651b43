"""Reads of accounts: they return unevaluated QuerySets."""

from django.db.models import QuerySet

from accounts.models import Profile, User


def account(user: User) -> QuerySet[User]:
    """The person's own row."""
    return User.objects.filter(pk=user.pk)


def users_seen_by(viewer: User | None) -> QuerySet[User]:
    """People with their e-mail addresses: everybody sees themselves, the staff with the right see all."""
    if viewer is None:
        return User.objects.none()
    if viewer.acts_as_staff and viewer.has_perm("accounts.view_user"):
        return User.objects.all()
    return account(viewer)


def profiles() -> QuerySet[Profile]:
    """What anyone may see of people."""
    return Profile.objects.all()
