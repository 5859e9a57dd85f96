"""What is doubtful about stored data, said before a command reads it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from cli.terminal.output import say

if TYPE_CHECKING:
    from catalog.warnings import DayWarning


def say_warnings(warnings: Iterable[DayWarning]) -> None:
    """Show warnings on stderr, a line each."""
    for each in warnings:
        say(f"warning: {each.message}")
