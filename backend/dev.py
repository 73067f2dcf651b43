"""The page /dev/mail/, with every mail of the store in sample data and in each language. Development only."""

from importlib import import_module

from django.apps import apps
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.module_loading import module_has_submodule
from django.views.decorators.http import require_GET

from core.languages import in_language


@require_GET
def mail_list(request: HttpRequest) -> HttpResponse:
    languages = [code for code, _ in settings.LANGUAGES]
    samples = [find_samples(language) for language in languages]
    mails = {
        name: [(language, mails[name].subject) for language, mails in zip(languages, samples, strict=True)]
        for name in samples[0]
    }
    return render(request, "dev-mail.html", {"mails": mails})


@require_GET
def mail_sample(request: HttpRequest, name: str, form: str) -> HttpResponse:
    """Show the mail as the recipient sees it: as `html`, or as `txt`, and in the language of the query."""
    language = request.GET.get("language", settings.LANGUAGE_CODE)
    if language not in dict(settings.LANGUAGES) or form not in ("html", "txt"):
        raise Http404
    mail = find_samples(language).get(name)
    if mail is None:
        raise Http404
    if form == "txt":
        return HttpResponse(f"{mail.subject}\n\n{mail.body}", content_type="text/plain; charset=utf-8")
    [(html, _)] = mail.alternatives
    return HttpResponse(str(html))


def find_samples(language: str) -> dict[str, EmailMultiAlternatives]:
    """Return the mails that the apps' modules `samples` build in this language."""
    mails: dict[str, EmailMultiAlternatives] = {}
    with in_language(language):
        for app in apps.get_app_configs():
            if app.module and module_has_submodule(app.module, "samples"):
                mails |= import_module(f"{app.name}.samples").mails()
    return mails
