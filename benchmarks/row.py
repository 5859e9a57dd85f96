"""One line of the table that ``make bench`` writes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One line; ``met`` is None where nothing was promised."""

    what: str
    figure: str
    budget: str = ""
    met: bool | None = None
