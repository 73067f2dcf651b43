"""The queries and mutations of accounts."""

from typing import TYPE_CHECKING, Annotated

import strawberry
from django.db.models import QuerySet
from strawberry.scalars import JSON

import api
from accounts import address_book, models, personal_data, selectors, services, types
from core.throttle import Limit

if TYPE_CHECKING:
    from catalog.types import Deleted

# A copy reads all that a person has.
EXPORT_MY_DATA_LIMITS = [
    Limit(action="export_my_data", rate="50/1h", by_address=True),
    Limit(action="export_my_data", rate="5/1h", by_account=True),
]


@strawberry.type
class Query:
    @strawberry.field(graphql_type=types.User | None, description="The signed-in person; null for a guest.")
    def me(self, info: api.Info) -> api.HasKey | None:
        user = api.viewer(info)
        return api.one(selectors.account(user), info) if user else None

    @strawberry.field(
        graphql_type=types.Profile | None,
        description="The public profile with this slug; null if there is none.",
        metadata=api.PUBLIC,
    )
    def profile(self, info: api.Info, slug: api.Slug) -> api.HasKey | None:
        return api.one(selectors.profiles, info, slug=slug)

    @strawberry.field(
        description="The rules for addresses in a country; null if there is no such country.",
        metadata=api.PUBLIC,
    )
    def address_rules(
        self,
        country: Annotated[str, strawberry.argument(description="ISO 3166-1 alpha-2 code of the country.")],
    ) -> types.AddressRules | None:
        return types.AddressRules.of(country)


@strawberry.type
class Mutation:
    @api.mutation(
        types.RegisterResult,
        description="Opens an account, signs in, and mails a link that verifies the address.",
    )
    def register(self, info: api.Info, input: types.RegisterInput) -> QuerySet[models.User]:
        user = services.register(
            info.context.request,
            email=input.email,
            password=input.password,
            first_name=input.first_name,
            last_name=input.last_name,
        )
        return selectors.account(user)

    @api.mutation(types.LoginResult, description="Signs in. The guest's cart and orders move to the account.")
    def login(self, info: api.Info, input: types.LoginInput) -> QuerySet[models.User]:
        user = services.login(info.context.request, email=input.email, password=input.password)
        return selectors.account(user)

    @strawberry.mutation(description="Signs out. Always true, for guests as well.")
    def logout(self, info: api.Info) -> bool:
        services.logout(info.context.request)
        return True

    @api.mutation(types.UpdateProfileResult, description="Changes the signed-in person's names and avatar.")
    def update_profile(self, info: api.Info, input: types.UpdateProfileInput) -> QuerySet[models.User]:
        user = api.require_user(info)
        services.update_profile(user, changes=input.changes())
        return selectors.account(user)

    @api.mutation(
        types.ChangePasswordResult,
        description="Changes the signed-in person's password. Other devices are signed out, this one is not.",
    )
    def change_password(self, info: api.Info, input: types.ChangePasswordInput) -> QuerySet[models.User]:
        user = api.require_user(info)
        services.change_password(
            info.context.request, user=user, old_password=input.old_password, new_password=input.new_password
        )
        return selectors.account(user)

    @api.mutation(
        types.RequestPasswordResetResult,
        description=(
            "Mails a link for choosing a new password. The answer is the same whether or not an account has this "
            "address."
        ),
    )
    def request_password_reset(self, info: api.Info, input: types.RequestPasswordResetInput) -> api.Done:
        services.request_password_reset(info.context.request, email=input.email)
        return api.Done()

    @api.mutation(
        types.ResetPasswordResult,
        description="Sets a new password by the mailed link. All devices are signed out; sign in again afterwards.",
    )
    def reset_password(self, info: api.Info, input: types.ResetPasswordInput) -> api.Done:
        services.reset_password(info.context.request, token=input.token, new_password=input.new_password)
        return api.Done()

    @api.mutation(
        types.VerifyEmailResult,
        description="Verifies the address by the mailed link. A link from `changeEmail` also replaces the old address. "
        "Signs nobody in.",
    )
    def verify_email(self, input: types.VerifyEmailInput) -> api.Done:
        services.verify_email(token=input.token)
        return api.Done()

    @api.mutation(
        types.ResendVerificationResult,
        description="Mails the link that verifies the address again. If it is verified already, no mail is sent.",
    )
    def resend_verification(self, info: api.Info) -> api.Done:
        services.resend_verification(info.context.request, user=api.require_user(info))
        return api.Done()

    @api.mutation(
        types.ChangeEmailResult,
        description="Mails a link to the new address and a notice to the old one. The old address stays until the link "
        "is opened (`verifyEmail`). The answer is the same whether or not another account has the new address.",
    )
    def change_email(self, info: api.Info, input: types.ChangeEmailInput) -> api.Done:
        user = api.require_user(info)
        services.change_email(
            info.context.request, user=user, password=input.password, new_email=input.new_email
        )
        return api.Done()

    @api.mutation(
        types.AddressResult,
        description="Adds an address to the signed-in person's address book. The first one becomes the default.",
    )
    def create_address(self, info: api.Info, input: types.AddressInput) -> QuerySet[models.Address]:
        user = api.require_user(info)
        return selectors.address(user, address_book.create_address(input.row(), user=user))

    @api.mutation(
        types.AddressResult, description="Replaces an address of the signed-in person's address book."
    )
    def update_address(self, info: api.Info, input: types.UpdateAddressInput) -> QuerySet[models.Address]:
        user, key = api.require_user(info), api.key_of(input.id, "Address")
        address_book.update_address(input.address.row(), user=user, key=key)
        return selectors.address(user, key)

    @api.mutation(
        types.DeleteAddressResult,
        description="Deletes an address of the signed-in person's address book. If it was the default, the one that "
        "was added last becomes it. Orders keep their own addresses.",
    )
    def delete_address(self, info: api.Info, input: types.DeleteAddressInput) -> "Deleted":
        user, key = api.require_user(info), api.key_of(input.id, "Address")
        address_book.delete_address(user=user, key=key)
        deleted: type[Deleted] = api.type_named("Deleted", info)
        return deleted(id=api.id_of("Address", key))

    @api.mutation(
        types.ExportMyDataResult,
        description="Returns everything that the store keeps about the signed-in person. It is a mutation so that no "
        "link can trigger it and no cache keeps the answer.",
        limits=EXPORT_MY_DATA_LIMITS,
    )
    def export_my_data(self, info: api.Info) -> types.MyData:
        return types.MyData(data=JSON(personal_data.export(api.require_user(info))))

    @api.mutation(
        types.DeleteAccountResult,
        description="Deletes the account with its profile, addresses, favourites, cart and comments, and signs out. "
        "Placed orders stay, with their addresses but without an owner. Refused while an order is unpaid. Also refused "
        "to sellers with products and to the staff.",
    )
    def delete_account(self, info: api.Info, input: types.DeleteAccountInput) -> api.Done:
        user = api.require_user(info)
        personal_data.delete_account(info.context.request, user=user, password=input.password)
        return api.Done()
