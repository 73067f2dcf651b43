"""The admin site, which asks the staff for a second factor where STORE_STAFF_TWO_FACTOR is on."""

from base64 import b32encode
from collections.abc import Callable
from functools import wraps
from typing import Any

import segno
from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.views.decorators.cache import never_cache
from unfold.sites import UnfoldAdminSite
from unfold.widgets import UnfoldAdminTextInputWidget

from accounts import second_factor
from accounts.models import User
from core.throttle import count_attempt, upload_limits


class CodeForm(forms.Form):
    code = forms.CharField(
        label="Code",
        max_length=16,
        widget=UnfoldAdminTextInputWidget(
            attrs={"autocomplete": "one-time-code", "autofocus": True, "spellcheck": "false"}
        ),
    )


class StaffSite(UnfoldAdminSite):
    def has_permission(self, request: HttpRequest) -> bool:
        return bool(super().has_permission(request)) and not lacks_second_factor(request)

    def admin_view(self, view: Callable[..., HttpResponse], cacheable: bool = False) -> Any:
        """Count a page that is sent with a file as an upload, once Django has let the person in."""

        @wraps(view)
        def count_uploads(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.FILES:
                limits = upload_limits(len(request.FILES))
                count_attempt(request, limits, account=str(request.user.pk))
            return view(request, *args, **kwargs)

        return super().admin_view(count_uploads, cacheable)

    def get_urls(self) -> list[URLPattern]:
        open_pages = [
            path("second-factor/", self.second_factor, name="second_factor"),
            path("logout/", self.logout, name="logout"),  # Django's needs the permission to enter
        ]
        return [*open_pages, *super().get_urls()]

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Show Unfold's page, or redirect someone who only lacks the second factor to that page."""
        if request.method == "GET" and lacks_second_factor(request):
            query = urlencode({"next": destination(request)})
            return HttpResponseRedirect(f"{reverse('admin:second_factor')}?{query}")
        page: HttpResponse = super().login(request, extra_context)
        return page

    @method_decorator(never_cache)
    def second_factor(self, request: HttpRequest) -> HttpResponse:
        """Ask for a code of the enrolled authenticator, or show a new one and ask for its code."""
        if not lacks_second_factor(request):
            return HttpResponseRedirect(reverse("admin:index"))
        user = request.user
        assert isinstance(user, User)
        enrolled = second_factor.device_of(user) is not None
        form = CodeForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            code = form.cleaned_data["code"].replace(" ", "").lower()
            try:
                if not enrolled:
                    codes = second_factor.enrol(request, user=user, code=code)
                    return self.page(request, form=None, codes=codes)
                second_factor.verify(request, user=user, code=code)
                return HttpResponseRedirect(destination(request))
            except second_factor.WrongCode as error:
                form.add_error("code", error.message)
        return self.page(request, form=form, **({} if enrolled else enrolment(user)))

    def page(self, request: HttpRequest, **words: Any) -> HttpResponse:
        context = {
            **self.each_context(request),
            "title": "Second factor",
            "next": destination(request),
            **words,
        }
        return render(request, "admin/second-factor.html", context)


def lacks_second_factor(request: HttpRequest) -> bool:
    user = request.user
    return isinstance(user, User) and user.is_active and user.lacks_second_factor


def destination(request: HttpRequest) -> str:
    """The page of ours that was first requested, or the admin's index."""
    asked = request.POST.get("next") or request.GET.get("next") or ""
    ours = url_has_allowed_host_and_scheme(asked, {request.get_host()}, require_https=request.is_secure())
    return asked if ours else reverse("admin:index")


def enrolment(user: User) -> dict[str, str]:
    """The two ways to set up an authenticator: the QR code to scan, and the secret to type."""
    device = second_factor.new_device(user)
    secret = b32encode(device.bin_key).decode()
    return {
        "qr_code": segno.make(device.config_url, error="m").svg_data_uri(scale=5, border=2),
        "secret": " ".join(secret[start : start + 4] for start in range(0, len(secret), 4)),
    }
