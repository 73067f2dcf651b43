"""The endpoints of Stripe's API that the fake imitates."""

import re
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from stripe import params as sdk

from packages.stripe_fake import intents, parameters, refunds, resources
from packages.stripe_fake.state import Body, Transaction

DESCRIPTIVE = "metadata description receipt_email shipping statement_descriptor_suffix"
PAGE = "created limit starting_after ending_before"


class Route(NamedTuple):
    """An endpoint, the SDK's type of its parameters, the imitated parameters, and the function that answers."""

    endpoint: str
    shape: type
    imitated: str
    handle: Callable[..., Body]


def _resource(object_name: str, *, listing: type, filters: str, retrieval: type) -> list[Route]:
    path = f"GET /v1/{object_name}s"
    return [
        Route(path, listing, f"{PAGE} {filters}", partial(resources.list_objects, object_name=object_name)),
        Route(f"{path}/([^/]+)", retrieval, "", partial(resources.retrieve, object_name=object_name)),
    ]


ROUTES = [
    Route(
        "POST /v1/payment_intents",
        sdk.PaymentIntentCreateParams,
        f"amount currency automatic_payment_methods payment_method confirm return_url {DESCRIPTIVE}",
        intents.create,
    ),
    Route(
        "POST /v1/payment_intents/([^/]+)",
        sdk.PaymentIntentUpdateParams,
        f"amount currency payment_method {DESCRIPTIVE}",
        intents.update,
    ),
    Route(
        "POST /v1/payment_intents/([^/]+)/confirm",
        sdk.PaymentIntentConfirmParams,
        "payment_method return_url receipt_email",
        intents.confirm,
    ),
    Route(
        "POST /v1/payment_intents/([^/]+)/cancel",
        sdk.PaymentIntentCancelParams,
        "cancellation_reason",
        intents.cancel,
    ),
    Route(
        "POST /v1/refunds",
        sdk.RefundCreateParams,
        "amount charge payment_intent reason metadata",
        refunds.create,
    ),
    *_resource(
        "payment_intent",
        listing=sdk.PaymentIntentListParams,
        filters="",
        retrieval=sdk.PaymentIntentRetrieveParams,
    ),
    *_resource(
        "charge",
        listing=sdk.ChargeListParams,
        filters="payment_intent",
        retrieval=sdk.ChargeRetrieveParams,
    ),
    *_resource(
        "refund",
        listing=sdk.RefundListParams,
        filters="payment_intent charge",
        retrieval=sdk.RefundRetrieveParams,
    ),
    *_resource(
        "dispute",
        listing=sdk.DisputeListParams,
        filters="payment_intent charge",
        retrieval=sdk.DisputeRetrieveParams,
    ),
]


def answer(tx: Transaction, endpoint: str, form: str) -> Body:
    """Answer a request to the endpoint, such as `GET /v1/refunds`, with form-encoded parameters.

    Raises:
        ApiError: Stripe refuses the request.
        NotImplementedError: the fake does not imitate the endpoint or a parameter.
    """
    for route in ROUTES:
        if match := re.fullmatch(route.endpoint, endpoint):
            params = parameters.read(form, route.shape, imitated=route.imitated.split())
            paths = params.pop("expand", [])
            return resources.expand(tx, route.handle(tx, params, *match.groups()), paths)
    raise NotImplementedError(f"The fake of Stripe does not imitate {endpoint}")
