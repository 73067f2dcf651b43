"""What has left, comes back and is refunded: the counts of items against parcels, returns and refunds."""

from collections.abc import Iterator

from django.db.models import F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from core.money import round_half_up
from orders.audit.difference import Difference
from orders.models import OrderItem, OrderStatus, Portion, Refund, RefundLine, ReturnStatus


def check_parcels() -> Iterator[Difference]:
    """An item's counts are the sums of its parcels, returns and refunds, and an order is shipped if nothing is left."""
    parcels = Portion.objects.exclude(fulfilment=None)
    returns = Portion.objects.exclude(sent_back=None).exclude(sent_back__status=ReturnStatus.DECLINED)
    refunds = RefundLine.objects.exclude(refund__status=Refund.Status.FAILED)
    items = OrderItem.objects.annotate(
        in_parcels=quantity_of(parcels), in_returns=quantity_of(returns), in_refunds=quantity_of(refunds)
    )
    right = Q(fulfilled=F("in_parcels"), returned=F("in_returns"), refunded=F("in_refunds"))
    for item in items.exclude(right):
        yield Difference(
            check="parcels",
            subject=f"order {item.order_id}, item {item.pk}",
            detail=f"{item.fulfilled} left, {item.returned} in returns, {item.refunded} refunded; the rows say "
            f"{item.in_parcels}, {item.in_returns}, {item.in_refunds}",
        )
    shipped = OrderItem.objects.filter(order__status=OrderStatus.SHIPPED)
    for late in shipped.exclude(quantity=F("fulfilled") + F("withdrawn")):
        yield Difference(
            check="parcels",
            subject=f"order {late.order_id}",
            detail=f"is shipped, but {late.to_ship} of item {late.pk} have not left",
        )
    early = [OrderStatus.DRAFT, OrderStatus.PENDING, OrderStatus.PAID, OrderStatus.CANCELLED]
    for sent in OrderItem.objects.filter(order__status__in=early, fulfilled__gt=0).select_related("order"):
        yield Difference(
            check="parcels",
            subject=f"order {sent.order_id}",
            detail=f"is {sent.order.status}, but {sent.fulfilled} of item {sent.pk} have left",
        )


def quantity_of(rows: QuerySet[Portion] | QuerySet[RefundLine]) -> Coalesce:
    """An expression for the quantity that the rows have of an item."""
    own = rows.filter(item=OuterRef("pk")).order_by().values("item").annotate(sum=Sum("quantity"))
    return Coalesce(Subquery(own.values("sum")), 0)


def check_refund_lines() -> Iterator[Difference]:
    """A refund of items is the sum of its lines."""
    refunds = Refund.objects.annotate(sum=Sum("lines__amount")).filter(sum__isnull=False)
    for refund in refunds.select_related("payment"):
        right = round_half_up(refund.sum, refund.payment.currency)  # SQLite adds floats
        if refund.amount != right:
            yield Difference(
                check="refunds",
                subject=f"refund {refund.pk}",
                detail=f"is {refund.amount}, its lines add up to {right}",
            )
