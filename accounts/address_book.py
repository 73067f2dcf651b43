"""Writes of address books. Each locks the user first, so that a book always has exactly one default address."""

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Address, User
from core.addresses import validate_address
from core.errors import NotFound, ValidationError

MAX_ADDRESSES = 50


def create_address(address: Address, *, user: User) -> int:
    """Add the unsaved address to the user's book, and return its key. The first address is the default.

    Raises: ValidationError, also beyond MAX_ADDRESSES.
    """
    validate_address(address, exclude=["user"])
    return insert(address, user)


@transaction.atomic(durable=True)
def insert(address: Address, user: User) -> int:
    """Insert the address.

    Raises: ValidationError beyond MAX_ADDRESSES.
    Locks: the user.
    """
    book = lock_book(user)
    if len(book) >= MAX_ADDRESSES:
        raise ValidationError.of(
            **{
                "": _("You can keep at most %(most)s addresses. Please delete one first.")
                % {"most": MAX_ADDRESSES}
            }
        )
    address.user = user
    address.is_default = address.is_default or not book
    save(address)
    return address.pk


def update_address(address: Address, *, user: User, key: int) -> None:
    """Replace the address with this key. The default address stays the default until another one becomes it.

    Raises: ValidationError, NotFound.
    """
    validate_address(address, prefix="address.", exclude=["user"])
    replace(address, user, key)


@transaction.atomic(durable=True)
def replace(address: Address, user: User, key: int) -> None:
    """Write the address over the one with this key.

    Raises: NotFound.
    Locks: the user.
    """
    book = lock_book(user)
    if key not in book:
        raise NotFound(_("No such address."))
    address.pk, address.user = key, user
    address.is_default = address.is_default or book[key]
    save(address)


@transaction.atomic(durable=True)
def delete_address(*, user: User, key: int) -> None:
    """Delete the address. If it was the default, the one that was added last becomes it.

    Raises: NotFound.
    Locks: the user.
    """
    book = lock_book(user)
    if key not in book:
        raise NotFound(_("No such address."))
    was_default = book.pop(key)
    Address.objects.filter(pk=key).delete()
    if was_default and book:
        Address.objects.filter(pk=max(book)).update(is_default=True)


def lock_book(user: User) -> dict[int, bool]:
    """Lock the user, and return which of their addresses is the default, by key. A step of an open transaction."""
    User.objects.select_for_update().get(pk=user.pk)
    return dict(Address.objects.filter(user=user).values_list("pk", "is_default"))


def save(address: Address) -> None:
    """Write the row. If it is to be the default, the present default stops being it first."""
    if address.is_default:
        others = Address.objects.filter(user=address.user, is_default=True).exclude(pk=address.pk)
        others.update(is_default=False)
    address.save()
