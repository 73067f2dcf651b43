"""The operations that all of Stripe's objects share: retrieve, list and expand."""

import json

from packages.stripe_fake.errors import ApiError, InvalidParameter
from packages.stripe_fake.parameters import Params
from packages.stripe_fake.state import Body, Transaction

MAX_LIMIT = 100
COMPARISONS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
EXPANDABLE = frozenset({"charge", "latest_charge", "payment_intent", "payment_method"})


def retrieve(tx: Transaction, params: Params, object_id: str, *, object_name: str) -> Body:
    return tx.get(object_name, object_id, param="intent" if object_name == "payment_intent" else "id")


def list_objects(tx: Transaction, params: Params, *, object_name: str) -> Body:
    """Return a page of `limit` objects, newest first, after `starting_after` or before `ending_before`."""
    limit = params.get("limit", 10)
    if not 1 <= limit <= MAX_LIMIT:
        bound = "greater than or equal to 1" if limit < 1 else f"less than or equal to {MAX_LIMIT}"
        message = f"This value must be {bound}."
        raise InvalidParameter(message, code="parameter_invalid_integer", param="limit")

    where: dict[str, str | int] = {"object = ?": object_name}
    created = params.get("created", {})
    if isinstance(created, int):
        where["created = ?"] = created
    else:
        where |= {f"created {COMPARISONS[name]} ?": bound for name, bound in created.items()}
    for name in {"payment_intent", "charge"} & params.keys():
        where[f"json_extract(body, '$.{name}') = ?"] = params[name]
    for cursor, comparison in (("starting_after", "<"), ("ending_before", ">")):
        if cursor in params:
            tx.get(object_name, params[cursor], param=cursor)
            where[f"seq {comparison} (SELECT seq FROM objects WHERE id = ?)"] = params[cursor]

    direction = "ASC" if "ending_before" in params else "DESC"
    query = f"SELECT body FROM objects WHERE {' AND '.join(where)} ORDER BY seq {direction} LIMIT ?"
    rows = tx.db.execute(query, (*where.values(), limit + 1)).fetchall()
    page = [json.loads(row["body"]) for row in rows[:limit]]
    if direction == "ASC":
        page.reverse()
    return {"object": "list", "url": f"/v1/{object_name}s", "has_more": len(rows) > limit, "data": page}


def expand(tx: Transaction, body: Body, paths: list[str]) -> Body:
    """Replace the ids at `paths`, such as `data.latest_charge`, by the objects themselves."""
    for path in paths:
        _expand(tx, body, path.split("."), path=path)
    return body


def _expand(tx: Transaction, body: Body, names: list[str], *, path: str) -> None:
    name, *rest = names
    if name == "data" and body["object"] == "list":
        for item in body["data"]:
            _expand(tx, item, rest, path=path)
        return
    if name not in EXPANDABLE & body.keys():
        raise ApiError(f"This property cannot be expanded ({path}).", param="expand")
    if isinstance(body[name], str):
        body[name] = tx.find(body[name])
    if rest and body[name] is not None:
        _expand(tx, body[name], rest, path=path)
