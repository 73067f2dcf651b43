"""The errors of imported files: a bad file, and a row that is refused."""

from dataclasses import dataclass


class BadFile(Exception):
    """The file has no rows of the kind that is imported. The message can be shown to the user."""


@dataclass(frozen=True, kw_only=True)
class RefusedRow:
    """A row that is left out. It begins at `line`, counted from 1."""

    line: int
    reason: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.reason}"
