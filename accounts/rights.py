"""Checks of which users and groups a member of the staff may change.

Nobody grants rights that they lack, or takes over an account that has them.
"""

from django.contrib.auth.models import AnonymousUser, Group, Permission
from django.db.models import Q, QuerySet

from accounts.models import User


def grantable_permissions(staff: User | AnonymousUser) -> QuerySet[Permission]:
    """The permissions that this person may grant: all of them for a superuser, otherwise their own."""
    return Permission.objects.all() if staff.is_superuser else permissions_of(staff)


def permissions_of(user: User | AnonymousUser) -> QuerySet[Permission]:
    """The permissions of a person and of their groups.

    An inactive user's count as well, because the account may be activated again.
    """
    return Permission.objects.filter(Q(user=user.pk) | Q(group__user=user.pk)).distinct()


def reaches_user(staff: User | AnonymousUser, user: User) -> bool:
    """Whether this person may change or delete the user, or set their password: not if the user has more rights."""
    if staff.is_superuser:
        return True
    return not user.is_superuser and reaches_all(staff, permissions_of(user))


def reaches_group(staff: User | AnonymousUser, group: Group) -> bool:
    """Whether this person may change or delete the group: not if it or one of its members has more rights."""
    if staff.is_superuser:
        return True
    members = User.objects.filter(groups=group)
    theirs = Permission.objects.filter(Q(group=group) | Q(user__in=members) | Q(group__user__in=members))
    return not members.filter(is_superuser=True).exists() and reaches_all(staff, theirs)


def reaches_all(staff: User | AnonymousUser, permissions: QuerySet[Permission]) -> bool:
    return not permissions.exclude(pk__in=permissions_of(staff).values("pk")).exists()
