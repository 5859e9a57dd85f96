"""JSON from strangers, read so that it has one meaning: no name twice, no number out of reach."""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn

from engine.domain.outside_text import shown, whole

_DEEPEST = 32
_LARGEST = float(2**63)


class StrictJsonError(ValueError):
    """A body that is not taken; the message says why, and repeats little of it."""


def strict_object(text: bytes) -> dict[str, Any]:
    """Return the JSON object of a body, an empty one of no body.

    Numbers are finite and within 64 bits, no name comes twice, and nothing is nested deeper than
    32 levels.

    Raises
    ------
    StrictJsonError
        It is something else.
    """
    if not text.strip():
        return {}
    try:
        found = json.loads(
            text.decode(),
            object_pairs_hook=_once,
            parse_int=_whole,
            parse_float=_finite,
            parse_constant=_no_number,
        )
    except RecursionError:
        raise StrictJsonError(f"the body is nested deeper than {_DEEPEST} levels") from None
    except UnicodeDecodeError:
        raise StrictJsonError("the body is no UTF-8 text, expected a JSON object") from None
    except json.JSONDecodeError as error:
        why = f"the body is no JSON: {error.msg} at character {error.pos}"
        raise StrictJsonError(why) from None
    if not isinstance(found, dict):
        raise StrictJsonError("the body is no JSON object")
    _check(found)
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise StrictJsonError(f"{shown(twice)} comes twice in one object")
    return found


def _whole(text: str) -> int:
    try:
        return whole(text)
    except ValueError as error:
        raise StrictJsonError(str(error)) from None


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number) or abs(number) >= _LARGEST:
        raise StrictJsonError(f"{shown(text)} is out of range, expected a number within 64 bits")
    return number


def _no_number(text: str) -> NoReturn:
    raise StrictJsonError(f"{text} is no number of JSON")


def _check(found: dict[str, Any]) -> None:
    """Refuse what is nested too deeply, and text that is no Unicode."""
    level: list[Any] = [found]
    for _ in range(_DEEPEST):
        inner: list[Any] = []
        for each in level:
            if isinstance(each, dict):
                inner += [*each.keys(), *each.values()]
            elif isinstance(each, list):
                inner += each
            elif isinstance(each, str) and not _is_unicode(each):
                raise StrictJsonError(f"{shown(each)} is half a character")
        level = inner
        if not level:
            return
    raise StrictJsonError(f"the body is nested deeper than {_DEEPEST} levels")


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
