"""Stock notices: one mail to each address that waits for a variant which was sold out.

A task by the clock (`tell_waiting` of catalog/tasks.py) looks for variants that can be bought again, not the ledger.
So a variant is noticed whichever way it came back: by a delivery, an import, a cancelled order or its publication.
"""

from collections.abc import Iterator
from datetime import datetime
from urllib.parse import quote, urlencode

from django.conf import settings
from django.core import signing
from django.core.exceptions import NON_FIELD_ERRORS
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import Count
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django_tasks import task

from catalog.models import ProductVariant, StockNotice, used_options
from catalog.visibility import is_published
from core.emails import normalize_email
from core.errors import NotFound, ValidationError, field_errors
from core.languages import current_language, in_language
from core.mail import build, send, shorten
from core.tasks import LATER, enqueue

# The variants that one address can wait for. The one that it asked for last replaces the first.
MOST_WAITED_FOR = 20
# The mails that are enqueued in one transaction.
BATCH = 100
MOST_IN_NAME = 80
SALT = "catalog.notices"


@transaction.atomic(durable=True)
def subscribe(*, variant_pk: int, email: str, now: datetime) -> None:
    """Have the address told once, as soon as the variant can be bought again. Asking again makes no difference.

    Nothing that the caller sees depends on who waits already: anyone can type any address.

    Locks:
        The product, so that nobody deletes the variant in the meantime.
    Raises:
        NotFound: the variant does not exist, or its product is not published.
        ValidationError: on `variantId`, if it is in stock, or on `email`.
    """
    with field_errors(**{NON_FIELD_ERRORS: "email"}):
        address = normalize_email(email)
    published = ProductVariant.objects.filter(is_published("product__")).select_related("product")
    variant = published.select_for_update(of=("product",), no_key=True).filter(pk=variant_pk).first()
    if variant is None:
        raise NotFound(_("No such product."))
    if variant.stock:
        raise ValidationError.of(variantId=_("This is in stock again. You can buy it now."))
    StockNotice.objects.bulk_create(
        [StockNotice(variant=variant, email=address, language=current_language(), asked_at=now)],
        update_conflicts=True,
        unique_fields=["variant", "email"],
        update_fields=["language", "asked_at"],
    )
    latest_first = StockNotice.objects.filter(email=address).order_by("-asked_at", "-pk")
    StockNotice.objects.filter(pk__in=latest_first.values("pk")[MOST_WAITED_FOR:]).delete()


def find_restocked() -> Iterator[tuple[int, bool]]:
    """Yield the keys of variants that can be bought while somebody waits, and whether more wait than there are."""
    restocked = ProductVariant.objects.filter(is_published("product__"), stock__gt=0, notices__isnull=False)
    counted = restocked.order_by("pk").annotate(waiting=Count("notices"))
    for key, stock, waiting in counted.values_list("pk", "stock", "waiting"):
        yield key, waiting > stock


@transaction.atomic(durable=True)
def tell_some(variant_pk: int, *, scarce: bool) -> int:
    """Enqueue a batch of the variant's mails, unless it is sold out again. Return their number.

    Whoever deletes a row sends its mail, so that two workers never send the same one.
    """
    waiting = StockNotice.objects.filter(
        is_published("variant__product__"), variant=variant_pk, variant__stock__gt=0
    )
    told = 0
    for notice in waiting.order_by("pk")[:BATCH]:
        deleted, _ = StockNotice.objects.filter(pk=notice.pk).delete()
        if deleted:
            enqueue(send_notice, variant_pk, notice.email, notice.language, scarce)
            told += 1
    return told


@task(priority=LATER)
def send_notice(variant_pk: int, email: str, language: str, scarce: bool) -> None:
    """Send the mail. If the variant has been sold out meanwhile, the address waits for it again."""
    variants = ProductVariant.objects.filter(pk=variant_pk)
    buyable = variants.filter(is_published("product__"), stock__gt=0).select_related("product").first()
    if buyable:
        send(write(buyable, to=email, language=language, scarce=scarce))
    elif variants.exists():
        again = StockNotice(variant_id=variant_pk, email=email, language=language, asked_at=timezone.now())
        StockNotice.objects.bulk_create([again], ignore_conflicts=True)


def write(variant: ProductVariant, *, to: str, language: str, scarce: bool) -> EmailMessage:
    """Build the mail. Mail programs show a button for its List-Unsubscribe, which sends a POST (RFC 8058)."""
    product = variant.product
    chosen = urlencode(dict(zip(used_options(product), used_options(variant), strict=True)))
    address = f"{settings.STORE_FRONTEND_URL.rstrip('/')}/products/{quote(product.slug)}"
    stop = stop_url(to)
    with in_language(language):
        mail = build(
            "catalog/mail/back-in-stock",
            to=to,
            name=shorten(product.name, most=MOST_IN_NAME),
            variant=shorten(variant.title, most=MOST_IN_NAME),
            url=f"{address}?{chosen}" if chosen else address,
            scarce=scarce,
            stop_url=stop,
        )
    mail.extra_headers |= {
        "List-Unsubscribe": f"<{stop}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
    return mail


def stop_url(email: str) -> str:
    """Return the address of the page that ends all notices to this e-mail address. It is good for ever."""
    base = settings.STORE_PUBLIC_URL or settings.STORE_FRONTEND_URL
    token = signing.Signer(salt=SALT).sign_object(email)
    return f"{base.rstrip('/')}{reverse('stop-notices')}?{urlencode({'token': token})}"


def address_of(token: str) -> str | None:
    """Return the e-mail address that the token was made for, or None if it was not made here."""
    try:
        address: str = signing.Signer(salt=SALT).unsign_object(token)
    except signing.BadSignature:
        return None
    return address


def stop(email: str) -> None:
    """Let the address wait for nothing any more."""
    StockNotice.objects.filter(email=email).delete()
