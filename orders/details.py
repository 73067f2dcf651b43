"""What a shopper says when placing an order: where it goes, who pays for it, and a note."""

from dataclasses import dataclass
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS
from django.utils.translation import gettext_lazy

from core.addresses import validate_address
from core.errors import ValidationError, check_all, field_errors
from core.languages import current_language
from core.text import single_line
from orders.models import Order, Shipping
from pricing.vat import normalize_vat_id

# The columns of an order that keep it.
COLUMNS = ("shipping", "email", "language", "billing_address", "billing_company", "vat_id", "note")
# Of an address, nobody else needs these columns: tax goes by country, state and postal code.
FOR_PARCELS = ("address", "phone")
WRONG_VAT_ID = gettext_lazy("Enter a VAT id of the European Union, with its country's letters: DE136695976.")


@dataclass(kw_only=True)
class Billing:
    """Who the invoice is for. Without an address, it is the shipping address."""

    company: str = ""
    vat_id: str = ""
    address: Shipping | None = None


@dataclass(kw_only=True)
class Details:
    """The details of an order, with unsaved addresses."""

    shipping: Shipping
    billing: Billing | None = None
    note: str = ""
    # What a parcel needs of the address and is blank. Goods that are not shipped do not need it.
    missing: ValidationError | None = None
    # The key of the chosen method; None for the cart's choice, or the only one.
    delivery_method: int | None = None

    @property
    def vat_id(self) -> str:
        return self.billing.vat_id if self.billing else ""


def validate_details(details: Details) -> None:
    """Set everything to the spelling in which it is kept, and check it.

    Raises: ValidationError on every field that is wrong, as `shipping.zipCode` and `billing.vatId`.
    """
    billing = details.billing
    steps = [lambda: validate_shipping(details), lambda: validate_note(details)]
    if billing:
        steps += [lambda: validate_company(billing), lambda: validate_vat_id(billing)]
        if address := billing.address:
            steps.append(lambda: validate_address(address, prefix="billing.address."))
    check_all(*steps)


def validate_shipping(details: Details) -> None:
    """Check the shipping address. If only FOR_PARCELS are blank, this is left to who knows the goods, in `missing`."""
    address = details.shipping
    blank = {f"shipping.{name}" for name in FOR_PARCELS if not single_line(getattr(address, name))}
    try:
        validate_address(address, prefix="shipping.")
    except ValidationError as error:
        if not blank.issuperset(field.field for field in error.fields):
            raise
        details.missing = error


def validate_note(details: Details) -> None:
    details.note = clean_column("note", details.note.strip(), field="note")


def validate_company(billing: Billing) -> None:
    billing.company = clean_column("billing_company", billing.company, field="billing.company")


def validate_vat_id(billing: Billing) -> None:
    typed = single_line(billing.vat_id)
    vat_id = normalize_vat_id(typed) if typed else ""
    if vat_id is None:
        raise ValidationError.of(**{"billing.vatId": WRONG_VAT_ID})
    billing.vat_id = vat_id


def clean_column(name: str, value: str, *, field: str) -> Any:
    """Return the value as the order's column keeps it.

    Raises: ValidationError on `field`.
    """
    with field_errors(**{NON_FIELD_ERRORS: field}):
        return Order._meta.get_field(name).clean(value, None)  # type: ignore[union-attr]  # a column


def put_details(order: Order, details: Details) -> None:
    """Insert the addresses, and set the order's COLUMNS. A step of an open transaction; the caller saves the order."""
    billing = details.billing
    rows = [details.shipping]
    if billing and billing.address:
        rows.append(billing.address)
    for row in rows:
        row.pk = None  # a transaction that is repeated inserts them again
    Shipping.objects.bulk_create(rows)
    order.shipping, order.email = details.shipping, details.shipping.email
    order.language = current_language()
    order.note = details.note
    if billing:
        order.billing_address = billing.address or details.shipping
        order.billing_company, order.vat_id = billing.company, billing.vat_id
