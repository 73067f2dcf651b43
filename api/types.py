"""The GraphQL types that every app shares: money, pictures, errors."""

from decimal import Decimal
from enum import Enum, EnumMeta
from typing import Annotated, TypeVar

import strawberry
from django.conf import settings
from strawberry import relay
from strawberry.types.enum import StrawberryEnumDefinition

from core import images, money
from core.errors import BadUserInput

EnumClass = TypeVar("EnumClass", bound=EnumMeta)


@strawberry.type(description="An amount of money. Compute with `minorUnits`, which is a whole number.")
class Money:
    amount: Decimal = strawberry.field(
        description='The amount in the currency\'s main unit, with all its digits: "19.90".'
    )
    currency: str = strawberry.field(description="The ISO 4217 code.")

    @strawberry.field(
        description="The amount in the currency's smallest unit, as payment providers count it."
    )
    def minor_units(self) -> int:
        return money.to_minor_units(self.amount, self.currency)

    @strawberry.field(
        description="The amount as the answer's language writes it: `$19.90`, `19,90 $`. For display only."
    )
    def formatted(self) -> str:
        return money.format_money(self.amount, self.currency)

    @classmethod
    def of(cls, amount: Decimal, currency: str | None = None) -> "Money":
        """Make an amount from a database value, in the store's currency by default."""
        currency = currency or settings.STORE_CURRENCY
        return cls(amount=money.round_half_up(amount, currency), currency=currency)


def describe(choices: EnumClass, *, description: str, **values: str) -> EnumClass:
    """Make a GraphQL enum of a Python one, with a description of each of its values."""
    strawberry.enum(choices, description=description)
    definition: StrawberryEnumDefinition = choices.__strawberry_definition__  # type: ignore[attr-defined]
    for value in definition.values:
        value.description = values[value.name]
    return choices


ThumbnailSize = describe(
    images.ThumbnailSize,
    description="The size of a smaller copy of a picture. Pictures are never enlarged.",
    SMALL="At most 160 pixels wide and high.",
    MEDIUM="At most 400 pixels wide and high.",
    LARGE="At most 800 pixels wide and high.",
    XLARGE="At most 1600 pixels wide and high.",
)
ThumbnailFormat = describe(
    images.ThumbnailFormat,
    description="The format of a smaller copy of a picture.",
    WEBP="WebP, which every browser shows.",
    AVIF="AVIF, which is about a fifth smaller: for a `<source>` of a `<picture>`.",
)


@strawberry.type(
    description="A picture. With its width and height, a page can leave room for it before it is loaded."
)
class Image:
    name: strawberry.Private[str]
    alt: str = strawberry.field(
        description="What the picture shows, for those who cannot see it; empty if nobody has said it."
    )
    width: int = strawberry.field(description="Width of the full picture in pixels.")
    height: int = strawberry.field(description="Height of the full picture in pixels.")
    placeholder: str = strawberry.field(
        description="A tiny blurred copy as a data URI, to show while the picture loads."
    )

    @classmethod
    def of(
        cls, name: str | None, *, width: int | None, height: int | None, placeholder: str, alt: str = ""
    ) -> "Image | None":
        """Make a picture from a row's columns; None if the row has no picture. Opens no file."""
        if not name:
            return None
        return cls(name=name, alt=alt, width=width or 0, height=height or 0, placeholder=placeholder)

    @classmethod
    def name_of(cls, id: relay.GlobalID) -> str:
        """Return the name of the picture's file.

        Raises:
            BadUserInput: it is the id of something else.
        """
        if id.type_name != "Image":
            raise BadUserInput("That is not the id of an Image.")
        return id.node_id

    @strawberry.field(
        description="ID of the picture, by which `updateProduct` knows it. `node` does not answer with pictures."
    )
    def id(self) -> strawberry.ID:
        return strawberry.ID(str(relay.GlobalID(type_name="Image", node_id=self.name)))

    @strawberry.field(
        description="The address of the full picture. It is relative if the store itself serves its files."
    )
    def url(self) -> str:
        return images.url(self.name)

    @strawberry.field(
        description="The address of a smaller copy. Each size and format has its own, so that caches need no `Vary`."
    )
    def thumbnail(
        self,
        size: Annotated[
            images.ThumbnailSize, strawberry.argument(description="The size of the copy.")
        ] = images.ThumbnailSize.MEDIUM,
        format: Annotated[
            images.ThumbnailFormat, strawberry.argument(description="The format of the copy.")
        ] = images.ThumbnailFormat.WEBP,
    ) -> str:
        return images.url(images.thumbnail_name(self.name, size, format))


@strawberry.enum(
    description="The kind of an error: one for each type that implements UserError, and RATE_LIMITED, which stands in "
    "the `extensions` of top-level errors."
)
class ErrorCode(Enum):
    INVALID = strawberry.enum_value("INVALID", description="ValidationError.")
    NOT_FOUND = strawberry.enum_value("NOT_FOUND", description="NotFound and NoProductMatches.")
    INVALID_CREDENTIALS = strawberry.enum_value("INVALID_CREDENTIALS", description="InvalidCredentials.")
    TOO_MANY_ATTEMPTS = strawberry.enum_value("TOO_MANY_ATTEMPTS", description="TooManyAttempts.")
    CART_EMPTY = strawberry.enum_value("CART_EMPTY", description="CartEmpty.")
    INSUFFICIENT_STOCK = strawberry.enum_value("INSUFFICIENT_STOCK", description="InsufficientStock.")
    PRODUCT_UNAVAILABLE = strawberry.enum_value("PRODUCT_UNAVAILABLE", description="ProductUnavailable.")
    TOTAL_CHANGED = strawberry.enum_value("TOTAL_CHANGED", description="TotalChanged.")
    DELIVERY_UNAVAILABLE = strawberry.enum_value("DELIVERY_UNAVAILABLE", description="DeliveryUnavailable.")
    DISCOUNT_CODE_REFUSED = strawberry.enum_value("DISCOUNT_CODE_REFUSED", description="DiscountCodeRefused.")
    PAYMENT_UNAVAILABLE = strawberry.enum_value("PAYMENT_UNAVAILABLE", description="PaymentUnavailable.")
    TOO_MANY_OPEN_ORDERS = strawberry.enum_value("TOO_MANY_OPEN_ORDERS", description="TooManyOpenOrders.")
    ORDER_NOT_EDITABLE = strawberry.enum_value("ORDER_NOT_EDITABLE", description="OrderNotEditable.")
    ORDER_NOT_CANCELLABLE = strawberry.enum_value("ORDER_NOT_CANCELLABLE", description="OrderNotCancellable.")
    RETURN_NOT_POSSIBLE = strawberry.enum_value("RETURN_NOT_POSSIBLE", description="ReturnNotPossible.")
    RATE_LIMITED = strawberry.enum_value(
        "RATE_LIMITED",
        description="The operation was not run, because too much was asked for in a short time. "
        "`extensions.retryAfterSeconds` says when to ask again, where it is known.",
    )


@strawberry.interface(
    description="An error that the shopper can fix. Each kind is a member of its mutation's union."
)
class UserError:
    code: ErrorCode = strawberry.field(
        description="The kind of error, for a client that does not read `__typename`."
    )
    message: str = strawberry.field(description="A sentence to show to the shopper.")


@strawberry.type(description="An error in one input field.")
class FieldError:
    field: str = strawberry.field(
        description="The path of the input field in the API's spelling: `shipping.zipCode`."
    )
    message: str = strawberry.field(description="A sentence to show beside the field.")


@strawberry.type(description="The input is invalid. Show each message beside its field.")
class ValidationError(UserError):
    fields: list[FieldError] = strawberry.field(description="One entry for each error.")


@strawberry.type(
    description="The object does not exist, or the caller may not see it. The API does not reveal which."
)
class NotFound(UserError):
    pass


@strawberry.type(description="Too many attempts of the same kind.")
class TooManyAttempts(UserError):
    retry_after_seconds: int = strawberry.field(
        description="The number of seconds to wait before another attempt."
    )


@strawberry.type(description="The operation succeeded, and has nothing to return.")
class Done:
    ok: bool = strawberry.field(default=True, description="Always true.")
