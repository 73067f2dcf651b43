"""The page of a document: its PDF, for whoever has its signed link."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore, Lock

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from core.throttle import Limit, count_attempt
from orders.documents.links import document_of
from orders.models import Document

LIMITS = [Limit(action="document", rate="60/5m", by_address=True, uncounted=True)]
# Building takes a fraction of a second of CPU: one PDF at a time in each process, and one that waits, so that the other
# threads keep answering.
AT_ONCE = 2
RETRY_SECONDS = 2
places, building = BoundedSemaphore(AT_ONCE), Lock()


@require_GET
def document_pdf(request: HttpRequest, token: str) -> HttpResponse:
    """Answer with the PDF. An expired link is like one that never was: the order has a new one.

    Raises: TooManyAttempts, beyond LIMITS.
    """
    count_attempt(request, LIMITS)
    key = document_of(token)
    document = Document.objects.filter(pk=key).first() if key else None
    if document is None:
        raise Http404
    with place_to_build() as is_free:
        if not is_free:
            return HttpResponse(
                _("The server is busy. Please try again in a moment."),
                status=503,
                content_type="text/plain; charset=utf-8",
                headers={"Retry-After": str(RETRY_SECONDS)},
            )
        from orders.documents.pdf import build_pdf  # 27 MB, which a process without downloads need not have

        pdf = build_pdf(document)
    return HttpResponse(
        pdf,
        content_type="application/pdf",
        headers={
            "Content-Disposition": f'attachment; filename="{file_name(document)}"',
            "Cache-Control": "private, no-store",
            "X-Robots-Tag": "noindex",
        },
    )


@contextmanager
def place_to_build() -> Iterator[bool]:
    """Wait until this process builds no other PDF; yield False at once if somebody is waiting already."""
    if not places.acquire(blocking=False):
        yield False
        return
    try:
        with building:
            yield True
    finally:
        places.release()


def file_name(document: Document) -> str:
    """Return the number with signs that are safe in a file's name and in a header."""
    safe = (
        letter if letter.isascii() and (letter.isalnum() or letter in "-_.") else "_"
        for letter in document.number
    )
    return f"{''.join(safe)}.pdf"
