"""The admin's pages of users, with their profiles, and of groups."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.models import LogEntry
from django.contrib.auth import admin as auth_admin
from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice
from unfold.decorators import action, display
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from accounts import personal_data, second_factor
from accounts.models import Address, Profile, User
from accounts.rights import grantable_permissions, reaches_group, reaches_user
from accounts.services import update_profile
from core.addresses import lines_of
from core.admin import ModelAdmin, ReadOnlyInline, StackedInline
from core.errors import ValidationError

admin.site.unregister(Group)
# Anyone who can read or write these rows holds everybody's second factor.
admin.site.unregister((TOTPDevice, StaticDevice))

# Only superusers grant these: anyone who can grant them to others can grant them to themselves.
RIGHTS = ("is_staff", "is_superuser", "groups", "user_permissions")
CONSEQUENCES = (
    "Profile, addresses, cart, favourites, comments and stock notices are deleted. "
    "Placed orders stay, without an owner."
)


class CreationForm(UserCreationForm):
    class Meta:
        model = User
        fields = ("email", "first_name", "last_name")


class ProfileInline(StackedInline):
    """The user's profile, which a receiver creates. Its picture can only be removed, by the action."""

    model = Profile
    fields = ("name", "slug", "avatar", "joined_at")
    readonly_fields = ("slug", "avatar", "joined_at")
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class AddressInline(ReadOnlyInline):
    model = Address
    verbose_name_plural = "addresses"
    fields = readonly_fields = ("written", "is_default")

    @display(description="Address")
    def written(self, address: Address) -> str:
        return "\n".join(lines_of(address))


@admin.register(User)
class UserAdmin(auth_admin.UserAdmin[User], ModelAdmin):  # type: ignore[misc]  # both say who has which form
    form = UserChangeForm
    add_form = CreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ("email", "name", "is_verified", "active", "staff", "last_login")
    list_filter = ("is_active", "is_staff", "email_verified", "groups")
    list_select_related = ("profile",)
    search_fields = ("email", "first_name", "last_name", "profile__name")
    ordering = ("email",)
    readonly_fields = ("last_login",)
    autocomplete_fields = ("groups",)
    inlines = (ProfileInline, AddressInline)
    actions = ("remove_avatars", "remove_second_factors")
    fieldsets = (
        (None, {"fields": ("email", "email_verified", "password", "first_name", "last_name", "last_login")}),
        ("Permissions", {"fields": ("is_active", *RIGHTS)}),
    )
    add_fieldsets = (
        (None, {"fields": ("email", "first_name", "last_name", "usable_password", "password1", "password2")}),
    )

    @display(description="Name", ordering="profile__name")
    def name(self, user: User) -> str:
        return user.profile.name

    @display(description="Verified", boolean=True, ordering="email_verified")
    def is_verified(self, user: User) -> bool:
        return user.email_verified

    @display(description="Active", boolean=True, ordering="is_active")
    def active(self, user: User) -> bool:
        return user.is_active

    @display(description="Staff", boolean=True, ordering="is_staff")
    def staff(self, user: User) -> bool:
        return user.is_staff

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> Any:
        fields = super().get_readonly_fields(request, obj)
        return fields if request.user.is_superuser else (*fields, *RIGHTS)

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        reached = obj is None or reaches_user(request.user, obj)
        return reached and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        reached = obj is None or reaches_user(request.user, obj)
        return reached and super().has_delete_permission(request, obj)

    def get_deleted_objects(
        self, objs: Iterable[User], request: HttpRequest
    ) -> tuple[list[Any], dict[str, int], set[str], list[str]]:
        """List only the accounts. Django would list all that they have, and refuse orders, which stay."""
        chosen = list(objs)
        out_of_reach = {"user" for user in chosen if not self.has_delete_permission(request, user)}
        return [*map(str, chosen), [CONSEQUENCES]], {"users": len(chosen)}, out_of_reach, []

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """Lock the user, but not to delete it: `close` locks it after the cart, the orders and the products."""
        match = request.resolver_match
        if match and match.url_name == "accounts_user_delete":
            return self.get_queryset(request).filter(pk=object_id).first() if object_id.isdecimal() else None
        return super().get_object(request, object_id, from_field)

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        response: HttpResponse
        try:
            response = super().delete_view(request, object_id, extra_context)
        except ValidationError as error:
            response = self.refuse(request, error)
        return response

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        response: HttpResponse
        try:
            response = super().changelist_view(request, extra_context)
        except ValidationError as error:
            response = self.refuse(request, error)
        return response

    def refuse(self, request: HttpRequest, error: ValidationError) -> HttpResponse:
        """Show the list with the error. The transaction has been rolled back."""
        self.message_user(request, str(error), messages.ERROR)
        return redirect("admin:accounts_user_changelist")

    def log_deletions(self, request: HttpRequest, queryset: Iterable[User]) -> list[LogEntry]:
        """Log nothing before the deletion, which may be refused: `delete_model` logs it."""
        return []

    def delete_model(self, request: HttpRequest, obj: User) -> None:
        """Delete the account as its owner would, which makes the log forget its address.

        Raises: ValidationError, which says whose account it is.
        """
        super().log_deletions(request, [obj])  # type: ignore[arg-type]  # a list, too
        try:
            personal_data.close(obj)
        except ValidationError as error:
            raise ValidationError.of(
                **{"": f"Nothing was deleted. The account {obj} would be told: {error}"}
            ) from error

    @transaction.atomic
    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        for user in queryset:
            self.delete_model(request, user)

    @action(description="Remove the avatar", permissions=["change"])
    def remove_avatars(self, request: HttpRequest, users: QuerySet[User]) -> None:
        for user in users:
            if self.has_change_permission(request, user):
                update_profile(user, changes={"avatar": None})
                self.log_change(request, user, "Avatar removed")
            else:
                self.message_user(request, f"You may not change {user}.", messages.ERROR)

    @action(
        description="Remove the authenticator: the next sign-in enrols a new one",
        permissions=["change"],
    )
    def remove_second_factors(self, request: HttpRequest, users: QuerySet[User]) -> None:
        for user in users:
            if self.has_change_permission(request, user):
                second_factor.remove(user)
                self.log_change(request, user, "Authenticator removed")
            else:
                self.message_user(request, f"You may not change {user}.", messages.ERROR)


@admin.register(Group)
class GroupAdmin(auth_admin.GroupAdmin, ModelAdmin):  # type: ignore[misc]  # both say who has which form
    def has_change_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        reached = obj is None or reaches_group(request.user, obj)
        return reached and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        reached = obj is None or reaches_group(request.user, obj)
        return reached and super().has_delete_permission(request, obj)

    def formfield_for_manytomany(
        self, db_field: Any, request: HttpRequest | None = None, **options: Any
    ) -> Any:
        """Offer only the permissions that this person may grant; Django refuses any other that is posted."""
        if db_field.name == "permissions" and request is not None:
            options["queryset"] = grantable_permissions(request.user)
        return super().formfield_for_manytomany(db_field, request, **options)
