"""What the tests of comments ask."""

from collections.abc import Callable
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from catalog.models import Product
from orders.models import Order, OrderItem, OrderStatus, Shipping
from reviews.models import Comment
from tests.conftest import GraphQLClient, global_id

SignedIn = Callable[[User], GraphQLClient]
COMMENT = """
    fragment Everything on Comment {
        id slug author { name slug } product { slug name rating { average count histogram } } body rating
        verifiedPurchase active isMine createdAt updatedAt
    }
"""
ANSWER = """
    __typename
    ... on Comment { ...Everything }
    ... on ValidationError { code fields { field message } }
    ... on NotFound { code message }
"""
CREATE = f"mutation($input: CreateCommentInput!) {{ createComment(input: $input) {{ {ANSWER} }} }} {COMMENT}"
UPDATE = f"mutation($input: UpdateCommentInput!) {{ updateComment(input: $input) {{ {ANSWER} }} }} {COMMENT}"
REPORT = f"mutation($input: ReportCommentInput!) {{ reportComment(input: $input) {{ {ANSWER} }} }} {COMMENT}"
# Replaces COMMENT where hundreds of texts are sent.
SLIM = "fragment Everything on Comment { slug body }"
DELETE = """
    mutation($input: DeleteCommentInput!) {
        deleteComment(input: $input) {
            __typename
            ... on Deleted { id product { id rating { average count histogram } comments { totalCount } } }
            ... on NotFound { code message }
        }
    }
"""
OF_PRODUCT = f"""
    query($slug: String!, $first: Int, $after: String) {{
        product(slug: $slug) {{
            comments(first: $first, after: $after) {{
                totalCount nodes {{ ...Everything }} edges {{ cursor node {{ body }} }}
                pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }}
            }}
        }}
    }} {COMMENT}
"""
OF_PRODUCTS = """
    {
        products(first: 50) {
            nodes {
                name
                latest: comments(first: 1) { totalCount nodes { body isMine author { name } } }
                more: comments(first: 3) {
                    edges { cursor node { rating verifiedPurchase product { name } } }
                }
            }
        }
    }
"""


def comment_id(comment: Comment) -> str:
    return global_id("Comment", comment.pk)


def product_id(product: Product) -> str:
    return global_id("Product", product.pk)


def wrong_fields(answer: dict[str, Any]) -> list[str]:
    assert answer["__typename"] == "ValidationError"
    assert answer["code"] == "INVALID"
    return [error["field"] for error in answer["fields"]]


def statements(browser: GraphQLClient, query: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        browser.run(query)
    return len(captured)


def buy(user: User, product: Product, *, status: OrderStatus = OrderStatus.SHIPPED) -> None:
    order = Order.objects.create(
        user=user,
        status=status,
        currency="USD",
        amount=product.final_price,
        shipping=Shipping.objects.create(country="DE"),
        email="ada@example.com",
        paid_at=timezone.now(),
    )
    OrderItem.objects.create(
        order=order, product=product, name=product.name, quantity=1, unit_price=product.final_price
    )
