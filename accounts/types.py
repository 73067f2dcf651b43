"""GraphQL types of people: what anyone sees of them, and what they see of themselves."""

from typing import TYPE_CHECKING, Annotated, Protocol, cast

import strawberry
import strawberry_django
from django.db.models import QuerySet
from strawberry import auto, relay
from strawberry.file_uploads import Upload
from strawberry.scalars import JSON

import api
from accounts import models, selectors
from accounts.services import ProfileChanges

if TYPE_CHECKING:
    from catalog.types import ProductConnection
    from orders.models import OrderStatus
    from orders.types import OrderConnection


class HasAvatar(Protocol):
    avatar: api.StoredFile
    avatar_width: int | None
    avatar_height: int | None
    avatar_placeholder: str


@strawberry_django.type(
    models.Profile, description="What anyone may see of a person: a seller, or the author of a comment."
)
class Profile(relay.Node):
    id: relay.NodeID[int]
    name: auto = api.field(description='What others see; "Customer" until the person chooses a name.')
    slug: auto = api.field(
        description="For the address of the person's page; it stays when the name changes."
    )
    joined_at: auto = api.field(description="When the account was opened.")

    @api.field(description="Null where the person has none.")
    @staticmethod
    def avatar(root: strawberry.Parent[HasAvatar]) -> api.Image | None:
        return api.Image.of(
            root.avatar.name,
            width=root.avatar_width,
            height=root.avatar_height,
            placeholder=root.avatar_placeholder,
        )

    @classmethod
    def visible(cls, info: api.Info) -> QuerySet[models.Profile]:
        return selectors.profiles()


@strawberry_django.type(
    models.User, description="The signed-in person, as only that person and the staff see them."
)
class User(relay.Node):
    id: relay.NodeID[int]
    email: str = api.field(description="The login. Never shown to others.")
    email_verified: auto = api.field(description="Whether the mailed link has been followed.")
    first_name: auto = api.field(description="May be empty.")
    last_name: auto = api.field(description="May be empty.")
    profile: Profile = api.field(description="What others see of this person.")

    @strawberry.field(description="The latest first.")
    @staticmethod
    def favourites(
        root: strawberry.Parent[api.HasKey],
        info: api.Info,
        first: api.First = None,
        after: api.After = None,
    ) -> Annotated["ProductConnection", strawberry.lazy("catalog.types")]:
        connection: type[ProductConnection] = api.type_named("ProductConnection", info)
        return connection.of_favourites(root, info, paging=api.Paging(first=first, after=after))

    @strawberry.field(description="The newest first.")
    @staticmethod
    def orders(
        root: strawberry.Parent[api.HasKey],
        info: api.Info,
        first: api.First = None,
        after: api.After = None,
        status: Annotated[
            Annotated["OrderStatus", strawberry.lazy("orders.types")] | None,
            strawberry.argument(description="Only those in this status; null for all."),
        ] = None,
    ) -> Annotated["OrderConnection", strawberry.lazy("orders.types")]:
        connection: type[OrderConnection] = api.type_named("OrderConnection", info)
        return connection.of_user(root, info, status=status, paging=api.Paging(first=first, after=after))

    @classmethod
    def visible(cls, info: api.Info) -> QuerySet[models.User]:
        return selectors.users_seen_by(api.viewer(info))


@strawberry.type(description="It is not told whether the address or the password is wrong.")
class InvalidCredentials(api.UserError):
    pass


@strawberry.input(description="A new account.")
class RegisterInput:
    email: str = strawberry.field(description="The login: unique, whatever the case.")
    password: str = strawberry.field(
        description="At least 8 characters; no common one, and none like the name or the address."
    )
    first_name: str = strawberry.field(default="", description="At most 100 characters.")
    last_name: str = strawberry.field(default="", description="At most 100 characters.")


@strawberry.input(description="E-mail address and password.")
class LoginInput:
    email: str = strawberry.field(description="Whatever the case.")
    password: str = strawberry.field(description="As it was set.")


@strawberry.input(description="A field left out stays as it is; an avatar given as null is taken away.")
class UpdateProfileInput:
    first_name: str | None = strawberry.field(default=strawberry.UNSET, description="At most 100 characters.")
    last_name: str | None = strawberry.field(default=strawberry.UNSET, description="At most 100 characters.")
    name: str | None = strawberry.field(default=strawberry.UNSET, description="What others see.")
    avatar: Upload | None = strawberry.field(default=strawberry.UNSET, description="JPEG, PNG, WebP or AVIF.")

    def changes(self) -> ProfileChanges:
        given = {field: value for field, value in vars(self).items() if value is not strawberry.UNSET}
        return cast(ProfileChanges, given)


@strawberry.input(description="The old password and a new one.")
class ChangePasswordInput:
    old_password: str = strawberry.field(description="The one in use.")
    new_password: str = strawberry.field(description="By the same rules as at `register`.")


@strawberry.input(description="Whose password is forgotten.")
class RequestPasswordResetInput:
    email: str = strawberry.field(description="The account's address, where the link goes.")


@strawberry.input(description="A new password, by the mailed link.")
class ResetPasswordInput:
    token: str = strawberry.field(description="From the mailed link.")
    new_password: str = strawberry.field(description="By the same rules as at `register`.")


@strawberry.input(description="Another e-mail address, and the password to show whose account it is.")
class ChangeEmailInput:
    password: str = strawberry.field(description="The one in use.")
    new_email: str = strawberry.field(description="Where the link to confirm it goes.")


@strawberry.input(description="The password, to show whose account it is.")
class DeleteAccountInput:
    password: str = strawberry.field(description="The one in use.")


@strawberry.type(description="Everything that the store keeps of the signed-in person.")
class MyData:
    data: JSON = strawberry.field(
        description="By section: account, profile, favourites, cart, orders, comments, reports. Amounts are strings."
    )


@strawberry.input(description="The mailed link.")
class VerifyEmailInput:
    token: str = strawberry.field(description="From the mailed link.")


RegisterResult = Annotated[User | api.ValidationError | api.TooManyAttempts, api.result("RegisterResult")]
LoginResult = Annotated[User | InvalidCredentials | api.TooManyAttempts, api.result("LoginResult")]
UpdateProfileResult = Annotated[User | api.ValidationError, api.result("UpdateProfileResult")]
ChangePasswordResult = Annotated[User | api.ValidationError, api.result("ChangePasswordResult")]
RequestPasswordResetResult = Annotated[
    api.Done | api.ValidationError | api.TooManyAttempts, api.result("RequestPasswordResetResult")
]
ResetPasswordResult = Annotated[
    api.Done | api.ValidationError | api.TooManyAttempts, api.result("ResetPasswordResult")
]
VerifyEmailResult = Annotated[api.Done | api.ValidationError, api.result("VerifyEmailResult")]
ResendVerificationResult = Annotated[api.Done | api.TooManyAttempts, api.result("ResendVerificationResult")]
ChangeEmailResult = Annotated[
    api.Done | api.ValidationError | api.TooManyAttempts, api.result("ChangeEmailResult")
]
ExportMyDataResult = Annotated[MyData | api.TooManyAttempts, api.result("ExportMyDataResult")]
DeleteAccountResult = Annotated[
    api.Done | api.ValidationError | api.TooManyAttempts, api.result("DeleteAccountResult")
]
