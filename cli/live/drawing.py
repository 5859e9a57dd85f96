"""The screen on which frames are drawn: it is drawn anew when the terminal has another size."""

from __future__ import annotations

from rich.console import RenderableType
from rich.live import Live


class Drawing:
    """Draws pages one over the other.

    A terminal that is made narrower wraps the lines that stand there: one page over the other would
    leave their ends. So it is cleared first, whenever its size is another one.
    """

    def __init__(self, live: Live) -> None:
        self._live = live
        self._size = live.console.size

    def draw(self, page: RenderableType) -> None:
        """Draw a page in the place of the one before."""
        size = self._live.console.size
        if size != self._size:
            self._size = size
            self._live.console.clear()
        self._live.update(page, refresh=True)
