"""What the cache of guests' answers has to know of this shop: which tables no guest sees, and which change often."""

from pathlib import Path

from django.conf import settings

from packages.answer_cache import Answers, Revision, Tables, Watcher
from packages.answer_cache.answers import Application

PATHS = ("/graphql/", "/graphql")
TABLES = Tables(
    # Written by everyday traffic and shown to no guest. A table that is missing here costs the answers that are kept
    # at each write; an answer that reads one that stands here is not kept.
    private=(
        "accounts_user.last_login",
        "accounts_user.password",
        "catalog_favourite",
        "catalog_stockmovement",
        "django_admin_log",
        "django_session",
        "orders_cart",
        "orders_cartitem",
        "orders_payment",
        "orders_refund",
        "orders_shipping",
        "orders_stripeevent",
        "otp_static_staticdevice",
        "otp_static_statictoken",
        "otp_totp_totpdevice",
        "reviews_report",
    ),
    # Written by every order.
    frequent=(
        *("catalog_product.held", "catalog_product.sold_count", "catalog_product.stock"),
        *("orders_order", "orders_orderitem"),
    ),
)
# What the API's answers depend on, besides the operation.
HEADERS = ("Accept", "Apollo-Require-Preflight", "Origin", "Sec-Fetch-Site", "X-Apollo-Operation-Name")

_revisions: dict[Path, Revision] = {}


def current_revision() -> Revision | None:
    """The revision of the settings; None where no answers are kept."""
    if not settings.STORE_ANSWER_CACHE:
        return None
    path = settings.STORE_REVISION_FILE
    if path not in _revisions:
        _revisions[path] = Revision(path)
    return _revisions[path]


watcher = Watcher(TABLES, current_revision)


def keep_answers(application: Application) -> Application:
    """The application with the cache in front of it, where the settings ask for one."""
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
