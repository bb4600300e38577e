"""Classes and functions of a module, so that another process finds them by name."""

import enum
from typing import NamedTuple

from django.db import models
from django.dispatch import Signal
from django.utils.translation import gettext_lazy

something_sent = Signal()


class Color(enum.Enum):
    RED = 1
    CRIMSON = RED
    BLUE = "b"


class Number(enum.IntEnum):
    ONE = 1


class Right(enum.Flag):
    READ = 1
    WRITE = 2


class Level(models.TextChoices):
    HIGH = "high", gettext_lazy("High")


class Point(NamedTuple):
    x: int
    y: int


class Text(str):
    __slots__ = ()


class Box:
    """Of a type that only an encoder of its own can carry."""

    def __init__(self, content: object) -> None:
        self.content = content

    class Inner:
        pass


class SmallBox(Box):
    pass


def do_something() -> None:
    pass


def make_local() -> tuple[type, enum.Enum, tuple[int]]:
    class Local:
        pass

    class Shade(enum.Enum):
        DARK = 1

    class Pair(NamedTuple):
        first: int

    return Local, Shade.DARK, Pair(1)
