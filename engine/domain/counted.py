"""How many there are of something, in words: ``1 gap``, ``2 gaps``."""

from __future__ import annotations


def counted(count: int, one: str, many: str = "") -> str:
    """Return a count with its noun; ``many`` where the plural is not the noun and an s."""
    return f"{count:,} {one if count == 1 else many or f'{one}s'}"
