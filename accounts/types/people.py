"""GraphQL types of people: the public profile, and the user with its private fields."""

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
from accounts.types.addresses import Address

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
    models.Profile, description="The public part of a person, such as a seller or the author of a comment."
)
class Profile(relay.Node):
    id: relay.NodeID[int]
    name: auto = api.field(description='The name that others see; "Customer" until the person chooses one.')
    slug: auto = api.field(
        description="Name in the URL of the person's page. It stays the same when the name changes."
    )
    joined_at: auto = api.field(description="When the account was opened.")

    @api.field(description="The person's picture; null if there is none.")
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
    models.User, description="The signed-in person. Only that person and the staff see these fields."
)
class User(relay.Node):
    id: relay.NodeID[int]
    email: str = api.field(description="E-mail address, which is also the login. Never shown to others.")
    email_verified: auto = api.field(
        description="Whether the person has opened the link that verifies the address."
    )
    first_name: auto = api.field(description="First name; may be empty.")
    last_name: auto = api.field(description="Last name; may be empty.")
    profile: Profile = api.field(description="The person's public profile.")

    @strawberry.field(
        description="The person's address book: the default address, then the others as they were added."
    )
    @staticmethod
    def addresses(root: strawberry.Parent[api.HasKey], info: api.Info) -> list[Address]:
        found = Address.visible(info)
        return api.nested_rows(root, info, found=found, parent="user_id")  # type: ignore[return-value]  # their rows

    @strawberry.field(description="Favourite products, the latest first.")
    @staticmethod
    def favourites(
        root: strawberry.Parent[api.HasKey],
        info: api.Info,
        first: api.First = None,
        after: api.After = None,
    ) -> Annotated["ProductConnection", strawberry.lazy("catalog.types")]:
        connection: type[ProductConnection] = api.type_named("ProductConnection", info)
        return connection.of_favourites(root, info, paging=api.Paging(first=first, after=after))

    @strawberry.field(description="The person's orders and drafts, the newest first.")
    @staticmethod
    def orders(
        root: strawberry.Parent[api.HasKey],
        info: api.Info,
        first: api.First = None,
        after: api.After = None,
        status: Annotated[
            Annotated["OrderStatus", strawberry.lazy("orders.types")] | None,
            strawberry.argument(description="Only orders in this status; null for all."),
        ] = None,
    ) -> Annotated["OrderConnection", strawberry.lazy("orders.types")]:
        connection: type[OrderConnection] = api.type_named("OrderConnection", info)
        return connection.of_user(root, info, status=status, paging=api.Paging(first=first, after=after))

    @classmethod
    def visible(cls, info: api.Info) -> QuerySet[models.User]:
        return selectors.users_seen_by(api.viewer(info))


@strawberry.type(
    description="The e-mail address or the password is wrong. The error does not say which of the two."
)
class InvalidCredentials(api.UserError):
    pass


@strawberry.input(description="A new account.")
class RegisterInput:
    email: str = strawberry.field(
        description="E-mail address, which becomes the login. Each account has its own; case is ignored."
    )
    password: str = strawberry.field(
        description="At least 8 characters, not a common password, and not similar to the name or the address."
    )
    first_name: str = strawberry.field(default="", description="First name, at most 100 characters.")
    last_name: str = strawberry.field(default="", description="Last name, at most 100 characters.")


@strawberry.input(description="Credentials of an account.")
class LoginInput:
    email: str = strawberry.field(description="The account's e-mail address; case is ignored.")
    password: str = strawberry.field(description="The account's password.")


@strawberry.input(
    description="Changes to the signed-in person. A field left out stays the same; a null avatar removes the picture."
)
class UpdateProfileInput:
    first_name: str | None = strawberry.field(
        default=strawberry.UNSET, description="First name, at most 100 characters."
    )
    last_name: str | None = strawberry.field(
        default=strawberry.UNSET, description="Last name, at most 100 characters."
    )
    name: str | None = strawberry.field(
        default=strawberry.UNSET, description="The name that others see, at most 200 characters."
    )
    avatar: Upload | None = strawberry.field(
        default=strawberry.UNSET, description="A JPEG, PNG, WebP, AVIF, HEIC or GIF picture of at most 10 MB."
    )

    def changes(self) -> ProfileChanges:
        given = {field: value for field, value in vars(self).items() if value is not strawberry.UNSET}
        return cast(ProfileChanges, given)


@strawberry.input(description="The old password and a new one.")
class ChangePasswordInput:
    old_password: str = strawberry.field(description="The current password.")
    new_password: str = strawberry.field(
        description="The new password, under the same rules as in `register`."
    )


@strawberry.input(description="The account whose password is to be reset.")
class RequestPasswordResetInput:
    email: str = strawberry.field(description="The account's e-mail address, which receives the link.")


@strawberry.input(description="A new password, by the mailed link.")
class ResetPasswordInput:
    token: str = strawberry.field(description="The token of the mailed link.")
    new_password: str = strawberry.field(
        description="The new password, under the same rules as in `register`."
    )


@strawberry.input(description="A new e-mail address, and the password as proof of ownership.")
class ChangeEmailInput:
    password: str = strawberry.field(description="The current password.")
    new_email: str = strawberry.field(
        description="The new address. The link that confirms it is mailed there."
    )


@strawberry.input(description="The password, as proof of ownership.")
class DeleteAccountInput:
    password: str = strawberry.field(description="The current password.")


@strawberry.type(description="Everything that the store keeps about the signed-in person.")
class MyData:
    data: JSON = strawberry.field(
        description="By section: account, profile, addresses, favourites, cart, orders, comments, reports. Amounts are "
        "strings."
    )


@strawberry.input(description="The mailed link.")
class VerifyEmailInput:
    token: str = strawberry.field(description="The token of the mailed link.")


RegisterResult = Annotated[
    User | api.ValidationError | api.TooManyAttempts,
    strawberry.union("RegisterResult", description="The new account, or why it could not be opened."),
]
LoginResult = Annotated[
    User | InvalidCredentials | api.TooManyAttempts,
    strawberry.union("LoginResult", description="The person who is now signed in, or why signing in failed."),
]
UpdateProfileResult = Annotated[
    User | api.ValidationError,
    strawberry.union(
        "UpdateProfileResult", description="The person with the changes, or what is wrong with them."
    ),
]
ChangePasswordResult = Annotated[
    User | api.ValidationError,
    strawberry.union(
        "ChangePasswordResult",
        description="The person whose password was changed, or why it could not be changed.",
    ),
]
RequestPasswordResetResult = Annotated[
    api.Done | api.ValidationError | api.TooManyAttempts,
    strawberry.union(
        "RequestPasswordResetResult",
        description="Done if the request was accepted, or why no link could be requested.",
    ),
]
ResetPasswordResult = Annotated[
    api.Done | api.ValidationError | api.TooManyAttempts,
    strawberry.union(
        "ResetPasswordResult", description="Done if the new password was set, or why it could not be set."
    ),
]
VerifyEmailResult = Annotated[
    api.Done | api.ValidationError,
    strawberry.union(
        "VerifyEmailResult", description="Done if the address was verified, or what is wrong with the link."
    ),
]
ResendVerificationResult = Annotated[
    api.Done | api.TooManyAttempts,
    strawberry.union(
        "ResendVerificationResult", description="Done if the link was mailed, or why it could not be mailed."
    ),
]
ChangeEmailResult = Annotated[
    api.Done | api.ValidationError | api.TooManyAttempts,
    strawberry.union(
        "ChangeEmailResult", description="Done if the link was mailed, or why the address cannot be changed."
    ),
]
ExportMyDataResult = Annotated[
    MyData | api.TooManyAttempts,
    strawberry.union("ExportMyDataResult", description="The data, or why it cannot be exported now."),
]
DeleteAccountResult = Annotated[
    api.Done | api.ValidationError | api.TooManyAttempts,
    strawberry.union(
        "DeleteAccountResult", description="Done if the account was deleted, or why it could not be deleted."
    ),
]
