"""A parameter's old and new value on a page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.markup import escape

from app.figures import shown_value

if TYPE_CHECKING:
    from engine.domain.facts import ParamChange


def changed_value(change: ParamChange) -> str:
    """Return a parameter's old and new value as markup."""
    old, new = escape(shown_value(change.old)), escape(shown_value(change.new))
    return f"{escape(change.name)}: {old} → [bold]{new}[/]"
