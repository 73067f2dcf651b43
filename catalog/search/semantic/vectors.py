"""The products' vectors: what is missing is made, in batches."""

from collections.abc import Iterator
from time import time_ns

from django.db import connection, transaction
from django.db.models import Exists, Max, OuterRef, QuerySet

from catalog.models import Product, ProductVector
from catalog.search.semantic.embedding import VERSION, Vector, embed, round_numbers, signs_of

# Products that are embedded, and then written, at a time: in about two seconds.
BATCH = 100
# The lock of the writers, any number that nobody else uses.
LOCK = 0x5EA2C4


def embed_missing() -> Iterator[int]:
    """Make the vectors of all products that have none, while the shop runs, and yield the size of each batch."""
    last = 0
    while batch := list(missing().filter(pk__gt=last).values_list("pk", "name", "description")[:BATCH]):
        last = batch[-1][0]
        save_vectors(
            {(pk, name, description): embed(f"{name}. {description}") for pk, name, description in batch}
        )
        yield len(batch)


def count_missing() -> int:
    return missing().count()


def missing() -> QuerySet[Product]:
    """Query the products without a vector, in order of primary key."""
    current = ProductVector.objects.filter(pk=OuterRef("pk"), version=VERSION)
    return Product._base_manager.filter(~Exists(current)).order_by("pk")


@transaction.atomic(durable=True)
def save_vectors(made: dict[tuple[int, str, str], Vector]) -> None:
    """Save the vectors by the primary key, name and description that they were made of.

    One whose product has other texts by now, or is gone, is left out: the next run makes it.

    Locks: the products, in order of primary key, and on PostgreSQL the other writers of vectors, so that no revision is
    committed after a higher one.
    """
    products = Product._base_manager.select_for_update(of=("self",), no_key=True).order_by("pk")
    unchanged = products.filter(pk__in=[pk for pk, _, _ in made]).values_list("pk", "name", "description")
    current = [(row[0], made[row]) for row in unchanged if row in made]
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
    # By the clock, because the highest one may have been deleted since a process has seen it.
    last = ProductVector.objects.aggregate(last=Max("revision"))["last"] or 0
    revision = max(last + 1, time_ns() // 1000)
    ProductVector.objects.bulk_create(
        (
            ProductVector(
                product_id=pk,
                version=VERSION,
                revision=revision,
                signs=signs_of(vector),
                numbers=round_numbers(vector),
            )
            for pk, vector in current
        ),
        update_conflicts=True,
        unique_fields=["product"],
        update_fields=["version", "revision", "signs", "numbers"],
    )
