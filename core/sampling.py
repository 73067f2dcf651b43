"""Even samples of rows, by their primary key: the same rows on both databases."""

from django.db.models import BooleanField, F, Func

# The sparsest sample has one row in 2 ** LEVELS.
LEVELS = 10
# Multiplied by this share of 2 ** 32, keys that come in any pattern are spread evenly (Fibonacci hashing). Every 16th
# key would be of one kind where 16 products at a time were imported.
SPREAD = "(({key} & 2147483647) * 2654435761 & 4294967295) < {bound}"


def build_condition(key: str, *, level: int | str) -> str:
    """Return the SQL condition that the row with the key is in the sample of one row in 2 ** level.

    The sample has all rows of those of higher levels.
    """
    bound = 2**32 >> level if isinstance(level, int) else f"4294967296 >> {level}"
    return SPREAD.format(key=key, bound=bound)


class IsSampled(Func):
    """The condition that the row with this primary key is in the sample of the level."""

    conditional = True
    output_field = BooleanField()

    def __init__(self, path: str, *, level: int) -> None:
        super().__init__(F(path), template=build_condition("%(expressions)s", level=level))
