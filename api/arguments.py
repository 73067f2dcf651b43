"""Arguments that many fields share, with their descriptions."""

from typing import Annotated

import strawberry

from api.keyset import DEFAULT_FIRST, MAX_FIRST

First = Annotated[
    int | None,
    strawberry.argument(
        description=f"The number of rows from the start, 1 to {MAX_FIRST}; {DEFAULT_FIRST} by default."
    ),
]
After = Annotated[
    str | None, strawberry.argument(description="The cursor of a row. The page begins with the row after it.")
]
Last = Annotated[
    int | None,
    strawberry.argument(
        description=f"The number of rows from the end, 1 to {MAX_FIRST}. Not together with `first`."
    ),
]
Before = Annotated[
    str | None, strawberry.argument(description="The cursor of a row. The page ends with the row before it.")
]
Slug = Annotated[str, strawberry.argument(description="The value of the object's field `slug`.")]
