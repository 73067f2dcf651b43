"""Origins: which pages may use the API, and a warning in the log about pages that may not."""

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
    """Whether the origin is a front end's or the store's own. No page can forge its origin."""
    return origin in settings.STORE_ORIGINS or origin == f"{request.scheme}://{request.get_host()}"


def report_refused(get_response: GetResponse) -> GetResponse:
    """Middleware that logs a refused origin and the setting that would allow it. The browser reports only an error.

    It runs before CorsMiddleware, which answers a preflight itself.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        origin = request.headers.get("Origin")
        if (
            origin is not None
            and re.match(settings.CORS_URLS_REGEX, request.path)
            and not is_allowed(request, origin)
        ):
            reports.warn(
                logger, "Refused origin %.200r. If it is a front end's, add it to STORE_ORIGINS.", origin
            )
        return get_response(request)

    return middleware
