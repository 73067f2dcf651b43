"""The mail of the catalogue with sample data, for the page /dev/mail/."""

from django.core.mail import EmailMessage

from catalog.models import Product, ProductVariant
from catalog.notices import write
from core.languages import current_language


def mails() -> dict[str, EmailMessage]:
    shirt = Product(name="Linen shirt", slug="linen-shirt", option_1="Size", option_2="Colour")
    variant = ProductVariant(product=shirt, option_1="M", option_2="White", stock=3)
    return {"back-in-stock": write(variant, to="ada@example.com", language=current_language(), scarce=True)}
