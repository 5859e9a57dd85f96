"""How far what is shown of a journal can be relied upon, above a page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape

if TYPE_CHECKING:
    from engine.journal import Integrity

_STYLES = {"broken": "bold red", "unverified": "yellow"}


def draw(console: Console, integrity: Integrity) -> None:
    """Say above a page what of it cannot be relied upon; nothing when all is verified."""
    style = _STYLES.get(integrity.standing)
    if style is not None:
        text = f"[{style}]journal {integrity.standing}:[/] {escape(integrity.detail)}"
        console.print(text, highlight=False, soft_wrap=True)
