"""What somebody says to steer a simulator: names that are known, numbers within reason."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any

import msgspec

from engine.domain.errors import ConfigError
from serving import shown

_PLACE = re.compile(r" - at `\$\.(\w+)")
_LONGEST = 40


def steering_body[Body: msgspec.Struct](
    said: Mapping[str, Any], kind: type[Body], *, spelt: bool = False
) -> Body:
    """Return what was said as the fields of a body, each of them known and within its range.

    Parameters
    ----------
    kind : type
        A struct whose annotations hold the ranges.
    spelt : bool
        Numbers and truth values may come as text, as from a command line.

    Raises
    ------
    ConfigError
        A field is unknown or missing, or is of another kind or out of its range.
    """
    known = kind.__struct_fields__
    for name in said:
        if name not in known:
            raise ConfigError(_unknown(name, known))
    try:
        return msgspec.convert(dict(said), kind, strict=not spelt)
    except msgspec.ValidationError as error:
        why = str(error)
        place = _PLACE.search(why)
        if place is None:
            raise ConfigError(f"{why}; there are {', '.join(known)}") from error
        value = shown(said.get(place[1]))
        expected = why[: place.start()].replace("`", "")
        raise ConfigError(f"{place[1]} is {value}: {expected[0].lower()}{expected[1:]}") from error


def _unknown(name: str, known: Iterable[str]) -> str:
    """Return which field there is not, and which one was probably meant."""
    names = list(known)
    if not names:
        return f"nothing is to be said here, found {shown(name)}"
    near = get_close_matches(name[:_LONGEST].lower(), names, n=1, cutoff=0.0)[0]
    return f"there is no {shown(name)}, the nearest is {near}; there are {', '.join(names)}"
