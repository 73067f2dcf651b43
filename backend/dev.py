"""The page /dev/mail/, with every mail of the store in sample data. Development only."""

from importlib import import_module

from django.apps import apps
from django.core.mail import EmailMultiAlternatives
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.module_loading import module_has_submodule
from django.views.decorators.http import require_GET


@require_GET
def mail_list(request: HttpRequest) -> HttpResponse:
    return render(request, "dev-mail.html", {"mails": find_samples()})


@require_GET
def mail_sample(request: HttpRequest, name: str, form: str) -> HttpResponse:
    """Show the mail as the recipient sees it: as `html`, or as `txt`."""
    mail = find_samples().get(name)
    if mail is None or form not in ("html", "txt"):
        raise Http404
    if form == "txt":
        return HttpResponse(f"{mail.subject}\n\n{mail.body}", content_type="text/plain; charset=utf-8")
    [(html, _)] = mail.alternatives
    return HttpResponse(str(html))


def find_samples() -> dict[str, EmailMultiAlternatives]:
    """Return the mails that the apps' modules `samples` build."""
    mails: dict[str, EmailMultiAlternatives] = {}
    for app in apps.get_app_configs():
        if app.module and module_has_submodule(app.module, "samples"):
            mails |= import_module(f"{app.name}.samples").mails()
    return mails
