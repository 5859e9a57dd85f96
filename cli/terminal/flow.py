"""Short texts one after the other, broken between them and never within."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

_GAP = "  "


@dataclass(frozen=True, slots=True)
class Flow:
    """Texts in as few lines as they fit into, such as names with their values.

    One that is longer than a line is wrapped by itself.
    """

    parts: Sequence[Text | str]
    style: str = ""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the lines, each no wider than there is room."""
        line = Text(style=self.style)
        for part in self.parts:
            text = Text(part) if isinstance(part, str) else part
            if line and line.cell_len + len(_GAP) + text.cell_len > options.max_width:
                yield line
                line = Text(style=self.style)
            line.append(_GAP if line else "").append_text(text)
        if line:
            yield line
