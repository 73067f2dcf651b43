"""Signed links that show a product before it is published to everyone who has the link."""

from datetime import timedelta
from urllib.parse import quote

from django.conf import settings
from django.core.signing import BadSignature, TimestampSigner

from catalog.models import Product
from core.errors import BadUserInput

LIFETIME = timedelta(days=7)
signer = TimestampSigner(salt="catalog.previews")


def preview_url(product: Product) -> str:
    """Return the address of the product's page in the front end, with a token for the argument `preview`."""
    token = quote(signer.sign(str(product.pk)), safe="")
    return f"{settings.STORE_FRONTEND_URL.rstrip('/')}/products/{quote(product.slug)}?preview={token}"


def product_of(token: str) -> int:
    """Return the primary key of the product that the token shows.

    Raises:
        BadUserInput: the token has expired, or was not made here.
    """
    try:
        return int(signer.unsign(token, max_age=LIFETIME))
    except BadSignature as error:  # or its subclass for one that has expired
        raise BadUserInput(
            "This preview has expired, or its link is incomplete. Ask for a new link."
        ) from error
