"""Sale conditions as files write them: codes one after another, lists, or a vendor's numbers."""

from __future__ import annotations

from engine.domain.market_data.conditions import is_known

_BRACKETS = {"[": "]", "(": ")", "{": "}"}
_SEPARATORS = ",;|"
_QUOTES = "\"'"

_BY_NUMBER = {
    0: "@", 1: "A", 2: "W", 3: "E", 4: "B", 5: "G", 6: "I", 7: "C", 8: "6", 9: "X", 10: "4",
    11: "D", 12: "T", 13: "U", 14: "F", 15: "M", 16: "Q", 17: "O", 18: "5", 19: "6", 20: "N",
    21: "H", 22: "P", 23: "K", 24: "K", 25: "O", 27: "1", 28: "5", 29: "R", 30: "L", 33: "Z",
    34: "S", 36: "Y", 37: "I", 38: "9", 41: "", 52: "V", 53: "7",
}  # fmt: skip
"""Polygon's numbers of sale conditions and the codes of the consolidated tape.

Source: ``sip_mapping`` of its reference of conditions. An average price (2) has a code of its own
at each plan: here it is the one that means so on every tape. 41, exempt from the trade-through
rule, changes nothing.
"""

_LONGEST_NUMBER = 5
_UNKNOWN = "?"
"""A number that stands in no table."""


def condition_codes(text: str, *, by_number: bool = False) -> str:
    """Return the codes of a print, one character each, from what a file says.

    ``@F``, ``@,F``, ``@;F``, ``['@', 'F']`` and ``["@","F"]`` are the same two codes. A list with
    items that are no codes stays as it is written, and is unknown.

    Parameters
    ----------
    by_number : bool
        The file is of a vendor that numbers them, see ``_BY_NUMBER``.
    """
    items = _items(text)
    if by_number:
        return "".join(_of_number(item.strip()) for item in items or [text] if item.strip())
    if items is None:
        return text
    is_code = all(len(item) == 1 or (item and _are_codes(item)) for item in items)
    return "".join(items) if is_code else text


def _of_number(item: str) -> str:
    is_number = item.isdecimal() and len(item) < _LONGEST_NUMBER
    return _BY_NUMBER.get(int(item), _UNKNOWN) if is_number else item


def _are_codes(item: str) -> bool:
    return not item.isdecimal() and all(map(is_known, item))


def _items(text: str) -> list[str] | None:
    """Return the items of a list, None where there is none."""
    trimmed = text.strip()
    is_bracketed = len(trimmed) > 1 and _BRACKETS.get(trimmed[0]) == trimmed[-1]
    inner = trimmed[1:-1] if is_bracketed else text
    separator = next((each for each in _SEPARATORS if each in inner), None)
    if separator is None and not is_bracketed:
        return None
    found = [_unquoted(item) for item in (inner.split(separator) if separator else [inner])]
    return [item for item in found if item]


def _unquoted(item: str) -> str:
    trimmed = item.strip()
    if len(trimmed) > 1 and trimmed[0] == trimmed[-1] and trimmed[0] in _QUOTES:
        return trimmed[1:-1]
    return trimmed
