"""The GraphQL types that every app shares: money, pictures, errors."""

from decimal import Decimal
from enum import Enum

import strawberry
from django.conf import settings

from backend import images, money


@strawberry.type
class Money:
    amount: Decimal
    currency: str = strawberry.field(description="ISO 4217.")

    @strawberry.field(
        description="The same amount in the currency's smallest unit, as payment providers count it."
    )
    def minor_units(self) -> int:
        return money.to_minor_units(self.amount, self.currency)

    @classmethod
    def of(cls, amount: Decimal, currency: str | None = None) -> "Money":
        """Of an amount as the database gave it; in the store's currency unless another is named."""
        currency = currency or settings.STORE_CURRENCY
        return cls(amount=money.round_half_up(amount, currency), currency=currency)


ThumbnailSize = strawberry.enum(images.ThumbnailSize)


@strawberry.type
class Image:
    name: strawberry.Private[str]
    width: int
    height: int
    placeholder: str = strawberry.field(description="A tiny blurred copy as a data URI, for the wait.")

    @classmethod
    def of(
        cls, name: str | None, *, width: int | None, height: int | None, placeholder: str
    ) -> "Image | None":
        """Of a row's columns; None where the row has no picture. No file is touched."""
        return cls(name=name, width=width or 0, height=height or 0, placeholder=placeholder) if name else None

    @strawberry.field
    def url(self) -> str:
        return images.url(self.name)

    @strawberry.field(description="The address of a smaller WebP copy.")
    def thumbnail(self, size: images.ThumbnailSize = images.ThumbnailSize.MEDIUM) -> str:
        return images.url(images.thumbnail_name(self.name, size))


@strawberry.enum
class ErrorCode(Enum):
    INVALID = "INVALID"
    NOT_FOUND = "NOT_FOUND"
    INVALID_CREDENTIALS = "INVALID_CREDENTIALS"
    TOO_MANY_ATTEMPTS = "TOO_MANY_ATTEMPTS"
    CART_EMPTY = "CART_EMPTY"
    INSUFFICIENT_STOCK = "INSUFFICIENT_STOCK"
    PRODUCT_UNAVAILABLE = "PRODUCT_UNAVAILABLE"
    TOTAL_CHANGED = "TOTAL_CHANGED"
    PAYMENT_UNAVAILABLE = "PAYMENT_UNAVAILABLE"
    ORDER_NOT_EDITABLE = "ORDER_NOT_EDITABLE"
    ORDER_NOT_CANCELLABLE = "ORDER_NOT_CANCELLABLE"


@strawberry.interface(
    description="Something the shopper can put right. Each kind is a member of its mutation's union."
)
class UserError:
    code: ErrorCode
    message: str = strawberry.field(description="A sentence fit to be shown to the shopper.")


@strawberry.type
class FieldError:
    field: str = strawberry.field(
        description="Path of the input field, in the API's spelling: `shipping.zipCode`."
    )
    message: str


@strawberry.type
class ValidationError(UserError):
    fields: list[FieldError]


@strawberry.type
class NotFound(UserError):
    pass


@strawberry.type
class TooManyAttempts(UserError):
    retry_after_seconds: int


@strawberry.type(description="The id of what is gone, for `cache.evict`.")
class Deleted:
    id: strawberry.ID


@strawberry.type(description="It was done, and there is nothing more to show.")
class Done:
    ok: bool = True
