"""The forms that the buttons of an order's page open."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django import forms
from django.http import Http404
from django.utils.formats import date_format
from django.utils.timezone import localtime
from unfold.forms import BaseDialogForm
from unfold.widgets import (
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanWidget,
)

from core.money import format_money, smallest_unit
from orders.models import MAX_NOTE, Fulfilment, OrderItem, OrderMail, Portion
from orders.parcels import TRACKING, Parcel, items_to_ship
from orders.payments.attempts import live_attempt
from orders.payments.refunds import refundable_amount


def key_of_order(form: BaseDialogForm) -> UUID:
    """Return the key of the order that the form is about.

    Raises: Http404, for a key that no order can have.
    """
    try:
        return UUID(str(form.object_id))
    except ValueError as error:
        raise Http404 from error


class QuantitiesForm(BaseDialogForm):
    """A form with a quantity for each item, which shows the most that is possible."""

    PREFIX = "item_"

    def ask(self, items: Iterable[tuple[OrderItem, int]], *, fill: bool) -> None:
        """Add the fields, each with the item's name and limit; with `fill`, everything is filled in."""
        for item, most in items:
            self.fields[f"{self.PREFIX}{item.pk}"] = forms.IntegerField(
                label=item.full_name,
                help_text=f"At most {most}.",
                min_value=0,
                max_value=most,
                required=False,
                initial=most if fill else 0,
                widget=UnfoldAdminIntegerFieldWidget,
            )

    def quantities(self) -> dict[int, int]:
        """Return the quantities that were entered, by the item's primary key."""
        entered = {name: value for name, value in self.cleaned_data.items() if name.startswith(self.PREFIX)}
        return {
            int(name.removeprefix(self.PREFIX)): value for name, value in entered.items() if value is not None
        }


class ShipForm(QuantitiesForm):
    carrier = forms.CharField(
        required=False,
        max_length=Fulfilment._meta.get_field("carrier").max_length,
        help_text=f"The link is made of the number for {', '.join(sorted(TRACKING)).upper()}.",
        widget=UnfoldAdminTextInputWidget,
    )
    tracking_number = forms.CharField(
        required=False,
        max_length=Fulfilment._meta.get_field("tracking_number").max_length,
        widget=UnfoldAdminTextInputWidget,
    )
    tracking_url = forms.URLField(
        label="Tracking link", required=False, assume_scheme="https", widget=UnfoldAdminTextInputWidget
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        left = items_to_ship(key_of_order(self))
        self.ask(((item, item.to_ship) for item in left), fill=True)

    def parcel(self) -> Parcel:
        return Parcel(
            quantities=self.quantities(),
            carrier=self.cleaned_data["carrier"],
            tracking_number=self.cleaned_data["tracking_number"],
            tracking_url=self.cleaned_data["tracking_url"],
        )


class RefundForm(BaseDialogForm):
    amount = forms.DecimalField(widget=UnfoldAdminDecimalFieldWidget)

    def __init__(self, *args: Any, **options: Any) -> None:
        """Show the currency and the refundable amount."""
        super().__init__(*args, **options)
        payment = live_attempt(key_of_order(self))
        if payment is not None:
            most = refundable_amount(payment)
            amount = self.fields["amount"]
            amount.label = f"Amount in {payment.currency}"
            amount.help_text = f"At most {format_money(most, payment.currency)}."
            amount.widget.attrs |= {"max": str(most), "step": str(smallest_unit(payment.currency))}


class DeliveryForm(BaseDialogForm):
    with_delivery = forms.BooleanField(
        label="Refund the delivery, too", required=False, widget=UnfoldBooleanWidget
    )


class RefundItemsForm(QuantitiesForm, DeliveryForm):
    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        items = OrderItem.objects.filter(order=key_of_order(self))
        left = ((item, item.quantity - item.refunded) for item in items)
        self.ask(((item, most) for item, most in left if most), fill=False)


class ReceiveForm(QuantitiesForm):
    def __init__(self, *args: Any, **options: Any) -> None:
        """Ask for the quantities of a return, whose key is the object's."""
        super().__init__(*args, **options)
        key = str(self.object_id)
        if not key.isdecimal():
            raise Http404
        portions = Portion.objects.filter(sent_back=int(key)).select_related("item")
        self.ask(((portion.item, portion.quantity) for portion in portions), fill=True)


class NoteForm(BaseDialogForm):
    note = forms.CharField(max_length=MAX_NOTE, widget=UnfoldAdminTextareaWidget)


class MailForm(BaseDialogForm):
    mail = forms.ModelChoiceField(
        queryset=OrderMail.objects.none(), widget=UnfoldAdminSelectWidget, empty_label=None
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        """Offer the mails of the order that were sent."""
        super().__init__(*args, **options)
        choice: Any = self.fields["mail"]
        choice.queryset = OrderMail.objects.filter(order=key_of_order(self), mailed_at__isnull=False)
        choice.label_from_instance = dated  # an order may have several of a kind


def dated(mail: OrderMail) -> str:
    return f"{mail}, {date_format(localtime(mail.created_at), 'DATETIME_FORMAT')}"
