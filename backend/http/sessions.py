"""Sessions without cookies, for native apps and servers that keep none: the same sessions, by a header."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

GetResponse = Callable[[HttpRequest], HttpResponseBase]

SESSION_HEADER = "X-Store-Session"
# What a client sends until an answer brings a key. An answer brings it again when the session has ended.
NEW = "new"


def sessions_by_header(get_response: GetResponse) -> GetResponse:
    """Middleware that lets a header stand in for the session's cookie, in requests to the API and in their answers.

    It runs before Django's SessionMiddleware, which finds a cookie and sets one. So keys are made, changed at login and
    ended in the same way. A session's cookie beside the header does not count: a browser adds it to whatever it sends,
    while nobody but the client itself can set the header. The answer sets no cookie at all.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        key = request.headers.get(SESSION_HEADER)
        if key is None or not request.path.startswith("/graphql"):
            return get_response(request)
        request.COOKIES.pop(settings.SESSION_COOKIE_NAME, None)
        if key not in ("", NEW):
            request.COOKIES[settings.SESSION_COOKIE_NAME] = key
        response = get_response(request)
        cookie = response.cookies.get(settings.SESSION_COOKIE_NAME)
        response.cookies.clear()
        if cookie is not None:
            response[SESSION_HEADER] = cookie.value or NEW
            response["Cache-Control"] = "private, no-store"
        return response

    return middleware
