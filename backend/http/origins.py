"""Which pages may use the API, and a word in the log about those that may not."""

import logging
import re
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from core.logs import Sparingly

GetResponse = Callable[[HttpRequest], HttpResponseBase]

logger = logging.getLogger("backend.origins")
reports = Sparingly(seconds=60)


def is_allowed(request: HttpRequest, origin: str) -> bool:
    """Whether it is a front end's or the store's own. No page can forge its origin."""
    return origin in settings.STORE_ORIGINS or origin == f"{request.scheme}://{request.get_host()}"


def report_refused(get_response: GetResponse) -> GetResponse:
    """Says in the log which setting would allow an origin: the browser only says that there was an error.

    It stands in front of CorsMiddleware, which answers a preflight without any view.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        origin = request.headers.get("Origin")
        if (
            origin is not None
            and re.match(settings.CORS_URLS_REGEX, request.path)
            and not is_allowed(request, origin)
        ):
            reports.warn(
                logger, "Refused %.200r: if it is the origin of a front end, add it to STORE_ORIGINS.", origin
            )
        return get_response(request)

    return middleware
