"""Values as JSON that a browser reads exactly: amounts and nanoseconds as strings.

JavaScript's numbers are exact to 2⁵³. Amounts are decimals already when they come here, so strings;
an integer is one where its name says that it counts nanoseconds, or where it is larger than that.
What is not a number is null.
"""

from __future__ import annotations

import math
from typing import Any

import msgspec

_EXACT = 1 << 53


def is_nanos(name: str) -> bool:
    """Say whether a field of that name counts nanoseconds: ``ts``, ``ts_event``, ``entry_ts``."""
    return name == "ts" or name.startswith("ts_") or name.endswith(("_ts", "_ns"))


def exact(value: Any) -> Any:
    """Return a value of ours, or one of JSON's, as JSON that every reader reads exactly."""
    return _exact(msgspec.to_builtins(value, str_keys=True, enc_hook=str), nanos=False)


def _exact(value: Any, *, nanos: bool) -> Any:
    match value:
        case bool() | None | str():
            return value
        case int():
            return str(value) if nanos or not -_EXACT <= value <= _EXACT else value
        case float():
            return value if math.isfinite(value) else None
        case dict():
            return {key: _exact(each, nanos=is_nanos(key)) for key, each in value.items()}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
        case list() | tuple():
            return [_exact(each, nanos=nanos) for each in value]  # pyright: ignore[reportUnknownVariableType]
        case _:
            return value
