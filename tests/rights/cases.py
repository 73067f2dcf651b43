"""The rights of writing: every mutation, with each role's answer."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from graphql import GraphQLObjectType

from accounts import links
from catalog.models import Product
from orders.links import token_of
from tests.accounts.operations import token_in
from tests.conftest import global_id
from tests.factories import PASSWORD, make_product, variant_of
from tests.orders.conftest import ADDRESS
from tests.rights.shop import OTHER, ROLES, SHOPPER, Shop, graphql_schema

REFUSALS = {
    *("UNAUTHENTICATED", "FORBIDDEN", "NotFound", "ValidationError"),
    *("CartEmpty", "DeliveryUnavailable", "DiscountCodeRefused", "ProductUnavailable", "ReturnNotPossible"),
}


@dataclass(frozen=True, kw_only=True)
class Case:
    """A mutation, and the answer to each role: a type or an error's code."""

    mutation: str
    of: str = ""
    input: Callable[[Shop], dict[str, Any]] | None
    answers: dict[str, str]


def answers(else_: str, **but: str) -> dict[str, str]:
    return {role: but.get(role.replace(" ", "_"), else_) for role in ROLES}


def same_for_signed_in(answer: str, **but: str) -> dict[str, str]:
    """Answer everyone who is signed in alike."""
    return answers(answer, **{"guest": "UNAUTHENTICATED", "visitor": "UNAUTHENTICATED", **but})


def owners_alone(answer: str, **but: str) -> dict[str, str]:
    """Answer the owner. For everyone else, including the staff, the row does not exist."""
    return answers("NotFound", shopper=answer, **but)


def with_permission(answer: str) -> dict[str, str]:
    """Answer for a product of the seller, by permission."""
    return same_for_signed_in("FORBIDDEN", seller=answer, staff=answer, other_seller="NotFound")


def product(shop: Shop) -> dict[str, Any]:
    return {"productId": global_id("Product", shop.product.pk)}


def wait_for(product: Product) -> dict[str, Any]:
    variant = global_id("ProductVariant", variant_of(product).pk)
    return {"variantId": variant, "email": "somebody@example.com"}


def of_draft(shop: Shop) -> dict[str, Any]:
    return {"orderUuid": str(shop.draft)}


def of_order(shop: Shop) -> dict[str, Any]:
    return {"uuid": str(shop.order)}


def of_visitors_order(shop: Shop) -> dict[str, Any]:
    return {"uuid": str(shop.visitors_order)}


def comment(shop: Shop) -> dict[str, Any]:
    return {"id": global_id("Comment", shop.comment.pk)}


def hidden(shop: Shop) -> dict[str, Any]:
    return {"id": global_id("Comment", shop.hidden.pk)}


def offer(shop: Shop) -> dict[str, Any]:
    category = shop.product.category.slug
    return {"category": category, "name": "New", "description": "Thing.", "price": "1.00", "stock": 1}


def written_address(**fields: Any) -> dict[str, Any]:
    return {key: value for key, value in {**ADDRESS, **fields}.items() if key != "email"}


def address(shop: Shop) -> dict[str, Any]:
    return {"id": global_id("Address", shop.address)}


COMMENTS_OWN = same_for_signed_in("NotFound", shopper="Comment")
VISITORS_OWN = answers("NotFound", visitor="Order")
IN_CART = answers("NotFound", shopper="Cart", visitor="Cart")

CASES = [
    # accounts
    Case(
        mutation="register",
        input=lambda shop: {"email": "new@example.com", "password": "an entirely new password"},
        answers=answers("User"),
    ),
    Case(
        mutation="register",
        of="somebody",
        input=lambda shop: {"email": shop.people[SHOPPER].email, "password": "an entirely new password"},
        answers=answers("ValidationError"),
    ),
    Case(
        mutation="login",
        input=lambda shop: {"email": shop.people[OTHER].email, "password": PASSWORD},
        answers=answers("User"),
    ),
    Case(mutation="logout", input=None, answers=answers("True")),
    Case(mutation="updateProfile", input=lambda shop: {"name": "Me"}, answers=same_for_signed_in("User")),
    Case(
        mutation="changePassword",
        input=lambda shop: {"oldPassword": PASSWORD, "newPassword": "an entirely new password"},
        answers=same_for_signed_in("User"),
    ),
    Case(
        mutation="requestPasswordReset",
        input=lambda shop: {"email": shop.people[SHOPPER].email},
        answers=answers("Done"),
    ),
    Case(
        mutation="resetPassword",
        of="whose link it is",
        input=lambda shop: {
            "token": token_in(links.password_reset.mail(shop.people[SHOPPER])),
            "newPassword": "an entirely new password",
        },
        answers=answers("Done"),
    ),
    Case(
        mutation="resetPassword",
        of="somebody without a link",
        input=lambda shop: {
            "token": f"{shop.people[SHOPPER].pk}-x",
            "newPassword": "an entirely new password",
        },
        answers=answers("ValidationError"),
    ),
    Case(
        mutation="verifyEmail",
        input=lambda shop: {"token": token_in(links.email_verification.mail(shop.people[SHOPPER]))},
        answers=answers("Done"),
    ),
    Case(
        mutation="verifyEmail",
        of="by a link for passwords",
        input=lambda shop: {"token": token_in(links.password_reset.mail(shop.people[SHOPPER]))},
        answers=answers("ValidationError"),
    ),
    Case(mutation="resendVerification", input=None, answers=same_for_signed_in("Done")),
    Case(
        mutation="changeEmail",
        input=lambda shop: {"password": PASSWORD, "newEmail": "new@example.com"},
        answers=same_for_signed_in("Done"),
    ),
    Case(
        mutation="changeEmail",
        of="to somebody else's",
        input=lambda shop: {"password": PASSWORD, "newEmail": shop.people[SHOPPER].email},
        answers=same_for_signed_in("Done", shopper="ValidationError"),
    ),
    Case(
        mutation="changeEmail",
        of="by a wrong password",
        input=lambda shop: {"password": "wrong", "newEmail": "new@example.com"},
        answers=same_for_signed_in("ValidationError"),
    ),
    Case(
        mutation="createAddress",
        input=lambda shop: written_address(),
        answers=same_for_signed_in("Address"),
    ),
    Case(
        mutation="updateAddress",
        of="the shopper",
        input=lambda shop: {**address(shop), "address": written_address(isDefault=True)},
        answers=same_for_signed_in("NotFound", shopper="Address"),
    ),
    Case(
        mutation="deleteAddress",
        of="the shopper",
        input=address,
        answers=same_for_signed_in("NotFound", shopper="Deleted"),
    ),
    Case(mutation="exportMyData", input=None, answers=same_for_signed_in("MyData")),
    Case(
        mutation="deleteAccount",
        input=lambda shop: {"password": PASSWORD},
        answers=same_for_signed_in("ValidationError", other="Done", other_seller="Done"),
    ),
    Case(
        mutation="deleteAccount",
        of="by a wrong password",
        input=lambda shop: {"password": "wrong"},
        answers=same_for_signed_in("ValidationError"),
    ),
    # catalog
    Case(
        mutation="createProduct",
        input=offer,
        answers=same_for_signed_in("FORBIDDEN", seller="Product", other_seller="Product", staff="Product"),
    ),
    Case(
        mutation="updateProduct",
        of="the seller",
        input=lambda shop: {"id": global_id("Product", shop.product.pk), "price": "0.01"},
        answers=with_permission("Product"),
    ),
    Case(
        mutation="deleteProduct",
        of="the seller",
        input=lambda shop: {"id": global_id("Product", shop.product.pk)},
        answers=with_permission("Deleted"),
    ),
    Case(mutation="addFavourite", input=product, answers=same_for_signed_in("Product")),
    Case(mutation="removeFavourite", input=product, answers=same_for_signed_in("Product")),
    Case(
        mutation="subscribeToStock",
        of="what is sold out",
        input=lambda shop: wait_for(make_product(stock=0)),
        answers=answers("Done"),
    ),
    Case(
        mutation="subscribeToStock",
        of="what is in stock",
        input=lambda shop: wait_for(make_product(stock=1)),
        answers=answers("ValidationError"),
    ),
    Case(
        mutation="subscribeToStock",
        of="a draft",
        input=lambda shop: wait_for(make_product(stock=0, published_at=None)),
        answers=answers("NotFound"),
    ),
    Case(
        mutation="countSearch",
        input=lambda shop: {"term": "lamp", "outcome": "FOUND"},
        answers=answers("Done"),
    ),
    Case(
        mutation="countSearch",
        of="a blank term",
        input=lambda shop: {"term": " ", "outcome": "FOUND"},
        answers=answers("ValidationError"),
    ),
    # orders
    Case(mutation="addToCart", input=product, answers=answers("Cart")),
    Case(mutation="updateCartItem", input=lambda shop: {**product(shop), "quantity": 3}, answers=IN_CART),
    Case(mutation="removeFromCart", input=product, answers=IN_CART),
    Case(mutation="clearCart", input=None, answers=answers("Cart")),
    Case(mutation="setCartDelivery", input=lambda shop: {"country": "US"}, answers=answers("Cart")),
    Case(
        mutation="setCartDelivery",
        of="by a method that is switched off",
        input=lambda shop: {"country": "US", "methodId": global_id("DeliveryMethod", shop.method_off.pk)},
        answers=answers("DeliveryUnavailable"),
    ),
    Case(
        mutation="applyDiscountCode",
        input=lambda shop: {"code": "welcome"},
        answers=answers("DiscountCodeRefused", shopper="Cart", visitor="Cart"),
    ),
    Case(mutation="removeDiscountCode", input=None, answers=answers("Cart")),
    Case(
        mutation="checkout",
        input=lambda shop: {"shipping": ADDRESS, "idempotencyKey": str(uuid4())},
        answers=answers("CartEmpty", shopper="Order", visitor="Order", other="ProductUnavailable"),
    ),
    Case(mutation="createOrder", input=None, answers=same_for_signed_in("Order")),
    Case(
        mutation="addOrderItem",
        of="the shopper",
        input=lambda shop: {**of_draft(shop), **product(shop)},
        answers=owners_alone("Order"),
    ),
    Case(
        mutation="removeOrderItem",
        of="the shopper",
        input=lambda shop: {**of_draft(shop), **product(shop)},
        answers=owners_alone("Order"),
    ),
    Case(
        mutation="placeOrder",
        of="the shopper",
        input=lambda shop: {**of_draft(shop), "shipping": ADDRESS},
        answers=owners_alone("Order"),
    ),
    Case(mutation="retryPayment", of="the shopper", input=of_order, answers=owners_alone("Order")),
    Case(mutation="refreshPayment", of="the shopper", input=of_order, answers=owners_alone("Order")),
    Case(mutation="cancelOrder", of="the shopper", input=of_order, answers=owners_alone("Order")),
    Case(mutation="retryPayment", of="the visitor", input=of_visitors_order, answers=VISITORS_OWN),
    Case(mutation="refreshPayment", of="the visitor", input=of_visitors_order, answers=VISITORS_OWN),
    Case(mutation="cancelOrder", of="the visitor", input=of_visitors_order, answers=VISITORS_OWN),
    *(
        Case(
            mutation=mutation,
            of="the shopper, by the link",
            input=lambda shop: {**of_order(shop), "token": token_of(shop.order)},
            answers=answers("Order"),
        )
        for mutation in ("retryPayment", "refreshPayment", "cancelOrder")
    ),
    *(
        Case(
            mutation=mutation,
            of="the shopper, by another order's link",
            input=lambda shop: {**of_order(shop), "token": token_of(shop.visitors_order)},
            answers=answers("NotFound"),
        )
        for mutation in ("retryPayment", "refreshPayment", "cancelOrder")
    ),
    Case(
        mutation="requestOrderLink",
        of="the shopper",
        input=lambda shop: {"number": "482-917-350", "email": shop.people[SHOPPER].email},
        answers=answers("Done"),
    ),
    Case(
        mutation="requestReturn",
        of="the shopper, by the link",
        input=lambda shop: {
            "orderUuid": str(shop.shipped),
            "token": token_of(shop.shipped),
            "items": [shop.bought_item()],
        },
        answers=answers("Order"),
    ),
    Case(
        mutation="requestReturn",
        of="the shopper, by another order's link",
        input=lambda shop: {
            "orderUuid": str(shop.shipped),
            "token": token_of(shop.order),
            "items": [shop.bought_item()],
        },
        answers=answers("NotFound"),
    ),
    Case(
        mutation="requestReturn",
        of="the shopper",
        input=lambda shop: {"orderUuid": str(shop.shipped), "items": [shop.bought_item()]},
        answers=owners_alone("Order"),
    ),
    Case(
        mutation="requestReturn",
        of="the shopper, not shipped",
        input=lambda shop: {"orderUuid": str(shop.order), "items": [shop.bought_item()]},
        answers=owners_alone("ReturnNotPossible"),
    ),
    # reviews
    Case(
        mutation="createComment",
        input=lambda shop: {**product(shop), "body": "Fine."},
        answers=same_for_signed_in("Comment"),
    ),
    Case(
        mutation="updateComment",
        of="the shopper",
        input=lambda shop: {**comment(shop), "body": "Other."},
        answers=COMMENTS_OWN,
    ),
    Case(
        mutation="updateComment",
        of="the shopper, hidden",
        input=lambda shop: {**hidden(shop), "body": "Other."},
        answers=COMMENTS_OWN,
    ),
    Case(
        mutation="deleteComment",
        of="the shopper",
        input=comment,
        answers=same_for_signed_in("NotFound", shopper="Deleted"),
    ),
    Case(
        mutation="reportComment",
        of="the shopper",
        input=lambda shop: {**comment(shop), "reason": "Bad."},
        answers=same_for_signed_in("Comment"),
    ),
    Case(
        mutation="reportComment",
        of="the shopper, hidden",
        input=lambda shop: {**hidden(shop), "reason": "Bad."},
        answers=same_for_signed_in("NotFound", shopper="Comment", staff="Comment"),
    ),
]


def mutations() -> dict[str, Any]:
    type_ = graphql_schema.mutation_type
    assert isinstance(type_, GraphQLObjectType)
    return dict(type_.fields)


def name_of(case: Case) -> str:
    return f"{case.mutation} of {case.of}" if case.of else case.mutation
