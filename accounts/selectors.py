"""Reads of accounts: they return unevaluated QuerySets."""

from django.db.models import QuerySet

from accounts.models import Address, Profile, User


def account(user: User) -> QuerySet[User]:
    """The user's own row."""
    return User.objects.filter(pk=user.pk)


def users_seen_by(viewer: User | None) -> QuerySet[User]:
    """Users whose private fields the viewer may see: themselves, or everyone for staff with the permission."""
    if viewer is None:
        return User.objects.none()
    if viewer.acts_as_staff and viewer.has_perm("accounts.view_user"):
        return User.objects.all()
    return account(viewer)


def profiles() -> QuerySet[Profile]:
    """All profiles, which are public."""
    return Profile.objects.all()


def address(user: User, key: int) -> QuerySet[Address]:
    """The address with this key in the user's own address book."""
    return Address.objects.filter(user=user, pk=key)


def addresses_seen_by(viewer: User | None) -> QuerySet[Address]:
    """The viewer's own addresses; all of them for staff who may see both addresses and users."""
    if viewer is None:
        return Address.objects.none()
    if viewer.acts_as_staff and viewer.has_perms(["accounts.view_address", "accounts.view_user"]):
        return Address.objects.all()
    return Address.objects.filter(user=viewer)
