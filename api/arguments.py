"""The arguments that many fields take, with what they mean."""

from typing import Annotated

import strawberry

from api.keyset import DEFAULT_FIRST, MAX_FIRST

First = Annotated[
    int | None,
    strawberry.argument(
        description=f"So many rows from the start, 1 to {MAX_FIRST}; {DEFAULT_FIRST} unless told otherwise."
    ),
]
After = Annotated[
    str | None, strawberry.argument(description="A row's cursor: the page begins with the row after it.")
]
Last = Annotated[
    int | None,
    strawberry.argument(description=f"So many rows from the end, 1 to {MAX_FIRST}; not with `first`."),
]
Before = Annotated[
    str | None, strawberry.argument(description="A row's cursor: the page ends with the row before it.")
]
Slug = Annotated[str, strawberry.argument(description="As the object's field `slug` tells it.")]
