"""The value of an argument that was not given, where ``None`` means something."""

from enum import Enum
from typing import Final, Literal


class Unset(Enum):
    """The type of `UNSET`: a value that nobody can pass by accident."""

    UNSET = "unset"

    def __bool__(self) -> bool:
        return False

    def __repr__(self) -> str:
        return "UNSET"


UNSET: Final[Literal[Unset.UNSET]] = Unset.UNSET
