"""GraphQL types of people: what anyone sees of them, and what they see of themselves."""

from typing import TYPE_CHECKING, Annotated, cast

import strawberry
import strawberry_django
from django.db.models import QuerySet
from strawberry import auto, relay
from strawberry.file_uploads import Upload

from accounts import models, selectors
from accounts.services import ProfileChanges
from backend import api

if TYPE_CHECKING:
    from catalog.types import ProductConnection
    from orders.models import OrderStatus
    from orders.types import OrderConnection


@strawberry_django.type(
    models.Profile, description="What anyone may see of a person: a seller, or the author of a comment."
)
class Profile(relay.Node):
    id: relay.NodeID[int]
    name: auto
    slug: auto
    joined_at: auto

    @api.field(only=["avatar", "avatar_width", "avatar_height", "avatar_placeholder"])
    @staticmethod
    def avatar(root: strawberry.Parent[models.Profile]) -> api.Image | None:
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
    email: auto
    email_verified: auto
    first_name: auto
    last_name: auto
    profile: Profile

    @strawberry.field(description="The latest first.")
    @staticmethod
    def favourites(
        root: strawberry.Parent[models.User],
        info: api.Info,
        first: int | None = None,
        after: str | None = None,
    ) -> Annotated["ProductConnection", strawberry.lazy("catalog.types")]:
        connection: type[ProductConnection] = api.type_named("ProductConnection", info)
        return connection.of_favourites(root, info, first=first, after=after)

    @strawberry.field(description="The newest first.")
    @staticmethod
    def orders(
        root: strawberry.Parent[models.User],
        info: api.Info,
        first: int | None = None,
        after: str | None = None,
        status: Annotated["OrderStatus", strawberry.lazy("orders.types")] | None = None,
    ) -> Annotated["OrderConnection", strawberry.lazy("orders.types")]:
        connection: type[OrderConnection] = api.type_named("OrderConnection", info)
        return connection.of_user(root, info, status=status, first=first, after=after)

    @classmethod
    def visible(cls, info: api.Info) -> QuerySet[models.User]:
        return selectors.users_seen_by(api.viewer(info))


@strawberry.type(description="It is not told whether the address or the password is wrong.")
class InvalidCredentials(api.UserError):
    pass


@strawberry.input
class RegisterInput:
    email: str
    password: str
    first_name: str = ""
    last_name: str = ""


@strawberry.input
class LoginInput:
    email: str
    password: str


@strawberry.input(description="A field left out stays as it is; an avatar given as null is taken away.")
class UpdateProfileInput:
    first_name: str | None = strawberry.UNSET
    last_name: str | None = strawberry.UNSET
    name: str | None = strawberry.field(default=strawberry.UNSET, description="What others see.")
    avatar: Upload | None = strawberry.field(default=strawberry.UNSET, description="JPEG, PNG, WebP or AVIF.")

    def changes(self) -> ProfileChanges:
        given = {field: value for field, value in vars(self).items() if value is not strawberry.UNSET}
        return cast(ProfileChanges, given)


@strawberry.input
class ChangePasswordInput:
    old_password: str
    new_password: str


@strawberry.input
class RequestPasswordResetInput:
    email: str


@strawberry.input
class ResetPasswordInput:
    token: str = strawberry.field(description="From the mailed link.")
    new_password: str


@strawberry.input
class VerifyEmailInput:
    token: str = strawberry.field(description="From the mailed link.")


RegisterResult = Annotated[
    User | api.ValidationError | api.TooManyAttempts, strawberry.union("RegisterResult")
]
LoginResult = Annotated[User | InvalidCredentials | api.TooManyAttempts, strawberry.union("LoginResult")]
UpdateProfileResult = Annotated[User | api.ValidationError, strawberry.union("UpdateProfileResult")]
ChangePasswordResult = Annotated[User | api.ValidationError, strawberry.union("ChangePasswordResult")]
RequestPasswordResetResult = Annotated[
    api.Done | api.ValidationError | api.TooManyAttempts, strawberry.union("RequestPasswordResetResult")
]
ResetPasswordResult = Annotated[
    api.Done | api.ValidationError | api.TooManyAttempts, strawberry.union("ResetPasswordResult")
]
VerifyEmailResult = Annotated[api.Done | api.ValidationError, strawberry.union("VerifyEmailResult")]
