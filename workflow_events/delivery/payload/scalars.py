"""Values without parts. Faithful in PostgreSQL's jsonb, which knows numbers but no floats."""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from math import copysign
from pathlib import Path, PurePath
from types import NoneType
from typing import Any, Final
from uuid import UUID

from django.utils.functional import LazyObject, Promise

from workflow_events.delivery.payload.codecs import decodes, encodes, tagged

UNSTORABLE: Final = re.compile("[\0\ud800-\udfff]")
"""NUL, and halves of surrogate pairs: PostgreSQL refuses them."""
_EXACT: Final = 2**53
"""Up to here whoever reads JSON gets whole numbers right."""
_FIXED_POINT: Final = re.compile(r"-?\d+\.\d+")


@encodes(NoneType, bool)
def _as_it_is(value: Any, _: Any) -> Any:
    return value


@encodes(str)
def _text(value: str, _: Any) -> Any:
    value = str.__str__(value)
    if UNSTORABLE.search(value) is None:
        return value
    return tagged("text", value.encode("unicode_escape").decode())


@decodes("text")
def _restore_text(stored: str, _: Any) -> str:
    return stored.encode("ascii").decode("unicode_escape")


@encodes(Promise)
def _translation(value: Any, encoding: Any) -> Any:
    # In the language of who emitted it: that of the worker would be nobody's.
    return encoding.value(str(value))


@encodes(LazyObject)
def _lazy_object(value: Any, encoding: Any) -> Any:
    value.__class__  # noqa: B018 (asking for anything makes it)
    return encoding.value(vars(value)["_wrapped"])


@encodes(int)
def _whole_number(value: int, _: Any) -> Any:
    value = int(value)
    return value if -_EXACT <= value <= _EXACT else tagged("int", hex(value))


@decodes("int")
def _restore_whole_number(stored: str, _: Any) -> int:
    return int(stored, 16)


@encodes(float)
def _number(value: float, _: Any) -> Any:
    value = float(value)
    written = float.__repr__(value)
    # 1e16 came back as a whole number, -0.0 without its sign.
    plain = _FIXED_POINT.fullmatch(written) and (value or copysign(1, value) > 0)
    return value if plain else tagged("float", written)


@decodes("float")
def _restore_number(stored: str, _: Any) -> float:
    return float(stored)


@encodes(bytes, bytearray, memoryview)
def _bytes(value: Any, _: Any) -> Any:
    return tagged("bytes", b64encode(bytes(value)).decode())


@decodes("bytes")
def _restore_bytes(stored: str, _: Any) -> bytes:
    return b64decode(stored, validate=True)


@encodes(datetime)
def _moment(value: datetime, _: Any) -> Any:
    return tagged("datetime", value.isoformat())


@decodes("datetime")
def _restore_moment(stored: str, _: Any) -> datetime:
    return datetime.fromisoformat(stored)


@encodes(date)
def _day(value: date, _: Any) -> Any:
    return tagged("date", value.isoformat())


@decodes("date")
def _restore_day(stored: str, _: Any) -> date:
    return date.fromisoformat(stored)


@encodes(time)
def _time_of_day(value: time, _: Any) -> Any:
    return tagged("time", value.isoformat())


@decodes("time")
def _restore_time_of_day(stored: str, _: Any) -> time:
    return time.fromisoformat(stored)


@encodes(timedelta)
def _duration(value: timedelta, _: Any) -> Any:
    return tagged("timedelta", [value.days, value.seconds, value.microseconds])


@decodes("timedelta")
def _restore_duration(stored: list[int], _: Any) -> timedelta:
    return timedelta(*stored)


@encodes(Decimal)
def _decimal(value: Decimal, _: Any) -> Any:
    return tagged("decimal", str(value))


@decodes("decimal")
def _restore_decimal(stored: str, _: Any) -> Decimal:
    return Decimal(stored)


@encodes(UUID)
def _uuid(value: UUID, _: Any) -> Any:
    return tagged("uuid", str(value))


@decodes("uuid")
def _restore_uuid(stored: str, _: Any) -> UUID:
    return UUID(stored)


@encodes(PurePath)
def _pure_path(value: PurePath, encoding: Any) -> Any:
    return tagged("purepath", encoding.value(str(value)))


@decodes("purepath")
def _restore_pure_path(stored: Any, decoding: Any) -> PurePath:
    return PurePath(decoding.value(stored))


@encodes(Path)
def _path(value: Path, encoding: Any) -> Any:
    return tagged("path", encoding.value(str(value)))


@decodes("path")
def _restore_path(stored: Any, decoding: Any) -> Path:
    return Path(decoding.value(stored))
