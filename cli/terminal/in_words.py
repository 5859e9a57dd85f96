"""Values of an answer as people read them, without the brackets and quotes of code."""

from __future__ import annotations


def in_words(value: object) -> str:
    """Return a value for a page: yes and no, lists with semicolons, names with their values."""
    match value:
        case None:
            return "off"
        case bool():
            return "yes" if value else "no"
        case dict():
            return ", ".join(f"{key} {in_words(each)}" for key, each in value.items()) or "none"  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
        case list() | tuple():
            return "; ".join(map(in_words, value)) or "none"  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
        case _:
            return str(value)
