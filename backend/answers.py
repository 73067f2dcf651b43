"""The set-up of the answer cache: the tables that no guest sees, and the tables that change often."""

from pathlib import Path

from django.conf import settings

from packages.answer_cache import Answers, Revision, Tables, Watcher
from packages.answer_cache.answers import Application

PATHS = ("/graphql/", "/graphql")
TABLES = Tables(
    # Everyday traffic writes these tables, and no guest sees them. A write to a table that is missing here outdates all
    # kept answers. An answer that reads a table of this list is not kept.
    private=(
        "accounts_user.last_login",
        "accounts_user.password",
        "catalog_favourite",
        "catalog_stockmovement",
        "django_admin_log",
        "django_session",
        "orders_cart",
        "orders_cartitem",
        "orders_orderevent",
        "orders_ordertax",
        "orders_payment",
        "orders_refund",
        "orders_shipping",
        "orders_stripeevent",
        "otp_static_staticdevice",
        "otp_static_statictoken",
        "otp_totp_totpdevice",
        "pricing_codescope",
        "pricing_discountcode",
        "reviews_report",
    ),
    # Every order writes these.
    frequent=(
        *("catalog_product.sold_count", "catalog_product.stock"),
        *("catalog_productvariant.held", "catalog_productvariant.stock"),
        *("orders_order", "orders_orderitem"),
    ),
)
# The headers that the API's answers depend on.
HEADERS = ("Accept", "Apollo-Require-Preflight", "Origin", "Sec-Fetch-Site", "X-Apollo-Operation-Name")

_revisions: dict[str, Revision] = {}


def current_revision() -> Revision | None:
    """Return the revision of the configured file; None if no answers are kept."""
    if not settings.STORE_ANSWER_CACHE:
        return None
    path = settings.STORE_REVISION_FILE
    if path not in _revisions:
        _revisions[path] = Revision(Path(path))
    return _revisions[path]


watcher = Watcher(TABLES, current_revision)


def keep_answers(application: Application) -> Application:
    """Wrap the application in the answer cache, if the settings enable it."""
    revision = current_revision()
    if revision is None:
        return application
    return Answers(
        application,
        revision=revision,
        paths=PATHS,
        session_cookie=settings.SESSION_COOKIE_NAME,
        headers=(
            *HEADERS,
            settings.STORE_SCHEME_HEADER,
        ),  # the scheme decides which origin is the store's own
    )
