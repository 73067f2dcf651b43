"""Form-encoded parameters, read against the SDK's own types, so that a misspelt one is refused here too."""

import re
from collections.abc import Collection, Mapping
from functools import cache
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints
from urllib.parse import parse_qsl

from stripe import RequestOptions

from packages.stripe_fake.errors import InvalidParameter

Params = dict[str, Any]

# Parameters of older versions of the API that Stripe refuses with codes of their own.
RETIRED = {"payment_method_types": "payment_method_types_no_longer_supported"}


def read(form: str, shape: type, *, imitated: Collection[str]) -> Params:
    """Read the form's parameters as the SDK's TypedDict `shape` types them.

    Raises:
        InvalidParameter: with Stripe's code.
        NotImplementedError: Stripe knows a parameter that this fake does not imitate. Ignoring it would be wrong.
    """
    raw = _nest(form)
    for name in raw.keys() & fields(shape).keys() - {"expand", *imitated}:
        raise NotImplementedError(f"The fake of Stripe does not imitate {shape.__name__}[{name!r}]")
    return _object(raw, shape, path="")


@cache
def fields(shape: type) -> Mapping[str, Any]:
    """Return the names and types of the SDK's TypedDict, without the request options that it inherits."""
    # The options' own annotations name what their module imports for type checkers alone.
    hints = get_type_hints(shape, localns={"StripeContext": object, "Mapping": Mapping})
    options = RequestOptions.__annotations__ if "idempotency_key" in hints else {}
    return {name: hint for name, hint in hints.items() if name not in options}


def _nest(form: str) -> Params:
    """Parse `a[b][0]=c` to {"a": {"b": {"0": "c"}}}."""
    tree: Params = {}
    for name, value in parse_qsl(form, keep_blank_values=True):
        *parents, leaf = re.findall(r"[^\[\]]+", name)
        branch = tree
        for parent in parents:
            branch = branch.setdefault(parent, {})
        branch[leaf] = value
    return tree


def _object(raw: Params, shape: type, *, path: str) -> Params:
    known = fields(shape)
    for name in raw.keys() - known.keys():
        param = _join(path, name)
        code = RETIRED.get(param, "parameter_unknown")
        raise InvalidParameter(f"Received unknown parameter: {param}", code=code, param=param)
    required: frozenset[str] = getattr(shape, "__required_keys__", frozenset())
    for name in sorted(required - raw.keys()):
        param = _join(path, name)
        raise InvalidParameter(f"Missing required param: {param}.", code="parameter_missing", param=param)
    return {name: _value(value, known[name], path=_join(path, name)) for name, value in raw.items()}


def _value(raw: Any, hint: Any, *, path: str) -> Any:
    choices = get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
    if isinstance(raw, dict):
        return _container(raw, choices, path=path)
    return _scalar(raw, choices, path=path)


def _container(raw: Params, choices: tuple[Any, ...], *, path: str) -> Any:
    for choice in choices:
        if hasattr(choice, "__required_keys__"):
            return _object(raw, choice, path=path)
        match get_origin(choice), get_args(choice):
            case (origin, (item,)) if origin is list:
                return [_value(value, item, path=_join(path, index)) for index, value in raw.items()]
            case (origin, (_, item)) if origin is dict:
                return {key: _value(value, item, path=_join(path, key)) for key, value in raw.items()}
    raise InvalidParameter(f"Invalid string: {raw}", param=path)


def _scalar(raw: str, choices: tuple[Any, ...], *, path: str) -> str | int | bool:
    literals = [value for choice in choices if get_origin(choice) is Literal for value in get_args(choice)]
    if raw in literals:
        return raw
    if bool in choices and raw in ("true", "false"):
        return raw == "true"
    if int in choices and re.fullmatch(r"-?\d{1,18}", raw):
        return int(raw)
    # The SDK leaves its enumerations open for newer versions of the API; the API itself does not.
    if str in choices and not any(literals):
        return raw
    if not raw:
        raise InvalidParameter(
            f"You passed an empty string for '{path}'. We assume empty values are an attempt to unset a"
            f" parameter; however '{path}' cannot be unset.",
            code="parameter_invalid_empty",
            param=path,
        )
    if int in choices:
        raise InvalidParameter(f"Invalid integer: {raw}", code="parameter_invalid_integer", param=path)
    if bool in choices:
        raise InvalidParameter(f"Invalid boolean: {raw}", param=path)
    if any(literals):
        expected = ", ".join(filter(None, literals))
        raise InvalidParameter(f"Invalid {path}: must be one of {expected}", param=path)
    raise InvalidParameter(f"Invalid {path}", param=path)


def _join(path: str, name: str) -> str:
    return f"{path}[{name}]" if path else name
