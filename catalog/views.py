"""The page behind the link in stock notices that stops them."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from catalog import notices


@csrf_exempt  # the token is the permission, and mail programs send this POST without any cookie (RFC 8058)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def stop_notices(request: HttpRequest) -> HttpResponse:
    """Stop the notices on a POST. A GET only asks, because mail programs open links to look at them.

    Raises:
        Http404: the token was not made here.
    """
    email = notices.address_of(request.GET.get("token", ""))
    if email is None:
        raise Http404
    if request.method == "POST":
        notices.stop(email)
    shop = {"name": settings.STORE_NAME, "url": settings.STORE_FRONTEND_URL}
    words = {"shop": shop, "email": email, "stopped": request.method == "POST"}
    return render(request, "catalog/stop-notices.html", words)
