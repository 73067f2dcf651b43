"""GraphQL types of invoices and credit notes."""

from typing import Protocol

import strawberry
import strawberry_django
from strawberry import auto

import api
from orders import models
from orders.documents.links import path_of
from orders.models import DocumentKind

api.describe(
    DocumentKind,
    description="Kind of a document.",
    INVOICE="An invoice. It is issued when the order is paid, and never changed.",
    CREDIT_NOTE="A credit note: it corrects the invoice by what was refunded.",
)


class HasPrimaryKey(Protocol):
    id: int


@strawberry_django.type(models.Document, description="An invoice or a credit note.")
class Document:
    kind: DocumentKind = api.field(description="Kind of the document.")
    number: auto = api.field(description="Number of the document.")
    issued_at: auto = api.field(description="When the document was issued.")

    @api.field(
        description="Address of the PDF. It needs no session, and is good for a day: ask again, rather than keep it."
    )
    @staticmethod
    def url(root: strawberry.Parent[HasPrimaryKey], info: api.Info) -> str:
        return info.context.request.build_absolute_uri(path_of(root.id))
