"""The GraphQL types that every app shares: money, pictures, errors."""

from decimal import Decimal
from enum import Enum, EnumMeta
from typing import Annotated, Any, TypeVar

import strawberry
from django.conf import settings
from strawberry.types.enum import StrawberryEnumDefinition

from core import images, money

EnumClass = TypeVar("EnumClass", bound=EnumMeta)


@strawberry.type(description="An amount of money. Compute with `minorUnits`, which are whole numbers.")
class Money:
    amount: Decimal = strawberry.field(
        description='In the currency\'s main unit, with all its digits: "19.90".'
    )
    currency: str = strawberry.field(description="ISO 4217.")

    @strawberry.field(
        description="The same amount in the currency's smallest unit, as payment providers count it."
    )
    def minor_units(self) -> int:
        return money.to_minor_units(self.amount, self.currency)

    @strawberry.field(
        description="The same amount as the store's locale writes it: `$19.90`. For people alone."
    )
    def formatted(self) -> str:
        return money.format_money(self.amount, self.currency)

    @classmethod
    def of(cls, amount: Decimal, currency: str | None = None) -> "Money":
        """Make an amount of what the database has; in the store's currency unless another is named."""
        currency = currency or settings.STORE_CURRENCY
        return cls(amount=money.round_half_up(amount, currency), currency=currency)


def describe(choices: EnumClass, *, description: str, **values: str) -> EnumClass:
    """Make a GraphQL enum of a Python one, with a description of each of its values."""
    strawberry.enum(choices, description=description)
    definition: StrawberryEnumDefinition = choices.__strawberry_definition__  # type: ignore[attr-defined]
    for value in definition.values:
        value.description = values[value.name]
    return choices


def result(name: str) -> Any:
    """Name the union that a mutation or a search answers with."""
    return strawberry.union(name, description="What was asked for, or what the shopper can put right.")


ThumbnailSize = describe(
    images.ThumbnailSize,
    description="How large a smaller copy of a picture is; smaller pictures are not enlarged.",
    SMALL="At most 160 pixels wide and high.",
    MEDIUM="At most 400 pixels wide and high.",
    LARGE="At most 800 pixels wide and high.",
)


@strawberry.type(
    description="A picture. Width and height are known before it is loaded, so that a page need not jump."
)
class Image:
    name: strawberry.Private[str]
    width: int = strawberry.field(description="Of the full picture, in pixels.")
    height: int = strawberry.field(description="Of the full picture, in pixels.")
    placeholder: str = strawberry.field(description="A tiny blurred copy as a data URI, for the wait.")

    @classmethod
    def of(
        cls, name: str | None, *, width: int | None, height: int | None, placeholder: str
    ) -> "Image | None":
        """Make a picture of a row's columns; None where the row has no picture. Opens no file."""
        return cls(name=name, width=width or 0, height=height or 0, placeholder=placeholder) if name else None

    @strawberry.field(
        description="The address of the full picture; relative where the store serves its files itself."
    )
    def url(self) -> str:
        return images.url(self.name)

    @strawberry.field(description="The address of a smaller WebP copy.")
    def thumbnail(
        self,
        size: Annotated[
            images.ThumbnailSize, strawberry.argument(description="How large the copy is.")
        ] = images.ThumbnailSize.MEDIUM,
    ) -> str:
        return images.url(images.thumbnail_name(self.name, size))


@strawberry.enum(description="The kind of an error: one for each type that implements UserError.")
class ErrorCode(Enum):
    INVALID = strawberry.enum_value("INVALID", description="ValidationError.")
    NOT_FOUND = strawberry.enum_value("NOT_FOUND", description="NotFound and NoProductMatches.")
    INVALID_CREDENTIALS = strawberry.enum_value("INVALID_CREDENTIALS", description="InvalidCredentials.")
    TOO_MANY_ATTEMPTS = strawberry.enum_value("TOO_MANY_ATTEMPTS", description="TooManyAttempts.")
    CART_EMPTY = strawberry.enum_value("CART_EMPTY", description="CartEmpty.")
    INSUFFICIENT_STOCK = strawberry.enum_value("INSUFFICIENT_STOCK", description="InsufficientStock.")
    PRODUCT_UNAVAILABLE = strawberry.enum_value("PRODUCT_UNAVAILABLE", description="ProductUnavailable.")
    TOTAL_CHANGED = strawberry.enum_value("TOTAL_CHANGED", description="TotalChanged.")
    PAYMENT_UNAVAILABLE = strawberry.enum_value("PAYMENT_UNAVAILABLE", description="PaymentUnavailable.")
    ORDER_NOT_EDITABLE = strawberry.enum_value("ORDER_NOT_EDITABLE", description="OrderNotEditable.")
    ORDER_NOT_CANCELLABLE = strawberry.enum_value("ORDER_NOT_CANCELLABLE", description="OrderNotCancellable.")


@strawberry.interface(
    description="Something the shopper can put right. Each kind is a member of its mutation's union."
)
class UserError:
    code: ErrorCode = strawberry.field(
        description="The kind of error, for a client that does not look at `__typename`."
    )
    message: str = strawberry.field(description="A sentence fit to be shown to the shopper.")


@strawberry.type(description="What is wrong with one input field.")
class FieldError:
    field: str = strawberry.field(
        description="Path of the input field, in the API's spelling: `shipping.zipCode`."
    )
    message: str = strawberry.field(description="A sentence fit to be shown beside the field.")


@strawberry.type(description="The input breaks a rule: show each message beside its field.")
class ValidationError(UserError):
    fields: list[FieldError] = strawberry.field(description="One entry for each thing that is wrong.")


@strawberry.type(
    description="There is no such thing, or it is not the caller's to see; it is not told which."
)
class NotFound(UserError):
    pass


@strawberry.type(description="The same was tried too often.")
class TooManyAttempts(UserError):
    retry_after_seconds: int = strawberry.field(description="After so many seconds it may be tried again.")


@strawberry.type(description="The id of what is gone, for `cache.evict`.")
class Deleted:
    id: strawberry.ID = strawberry.field(description="The global id that the object had.")


@strawberry.type(description="It was done, and there is nothing more to show.")
class Done:
    ok: bool = strawberry.field(default=True, description="Always true.")
