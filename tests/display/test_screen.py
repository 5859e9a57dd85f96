"""The screen of a live day: the key that ends it, and a terminal that changes its size."""

from __future__ import annotations

import io

import pytest
from rich.console import Console
from rich.live import Live
from rich.text import Text

from cli.live.drawing import Drawing
from cli.live.quitting import Quitting
from tests.display.test_frame import shown
from tests.hub.test_guardian import stage
from tests.runtime.stage import plan


def test_q_asks_while_a_position_is_open_and_any_other_key_takes_it_back() -> None:
    held, flat = shown(stage(plan())[0]), shown(stage()[0])
    assert (len(held.positions), len(flat.positions)) == (1, 0)
    assert Quitting().hear("q", flat)
    assert Quitting().hear("q", None)
    screen = Quitting()
    assert not screen.hear("q", held)
    assert "1 position open" in screen.question(held)
    assert screen.question(flat) == ""
    assert not screen.hear("x", held)
    assert screen.question(held) == ""
    assert not screen.hear("q", held)
    assert screen.hear("q", held)
    assert not screen.hear("q", held), "it ends once"
    assert screen.question(held) == ""
    assert "ending" in screen.hint


@pytest.mark.parametrize(("columns", "rows"), [(40, 24), (120, 24), (80, 12)])
def test_a_terminal_of_another_size_is_cleared_before_it_is_drawn_on(
    columns: int, rows: int
) -> None:
    """What wraps in a narrower terminal would stay on it: one page has to be all there is."""
    written = io.StringIO()
    console = Console(file=written, force_terminal=True, width=80, height=24, color_system=None)
    clear = "\x1b[2J"
    with Live(console=console, auto_refresh=False, transient=True) as live:
        drawing = Drawing(live)
        drawing.draw(Text("one " * 20))
        drawing.draw(Text("two " * 20))
        assert clear not in written.getvalue()
        console.size = (columns, rows)
        drawing.draw(Text("three " * 20))
        drawing.draw(Text("four " * 20))
    before, _, after = written.getvalue().partition(clear)
    assert "two" in before
    assert "three" not in before
    assert "three" in after
    assert clear not in after
