"""A table that fits the terminal: columns that have no room are left out, and named below it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

_GAP = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column and all its cells.

    Attributes
    ----------
    least : int, optional
        Characters down to which its words may be wrapped; None for a column that is never wrapped.
    """

    heading: str
    cells: Sequence[Text | str]
    is_number: bool = False
    least: int | None = None

    @property
    def width(self) -> int:
        """The room it needs."""
        widest = max((_width(cell) for cell in (self.heading, *self.cells)), default=0)
        return widest if self.least is None else min(self.least, widest)


def print_fitted(
    console: Console,
    columns: Sequence[Column],
    spare: Sequence[str] = (),
    *,
    instead: str = "widen the terminal, or --json",
) -> None:
    """Print a table, and say which of its spare columns had no room.

    Parameters
    ----------
    spare : sequence of str
        Headings of the columns that may be left out; the first goes first.
    instead : str
        How else to see what was left out.
    """
    left_out = _without_room(columns, spare, console.width)
    table = Table(box=None, pad_edge=False)
    kept = [column for column in columns if column.heading not in left_out]
    for column in kept:
        table.add_column(
            column.heading,
            justify="right" if column.is_number else "left",
            no_wrap=column.least is None,
            min_width=None if column.least is None else column.width,
            overflow="fold",
        )
    for cells in zip(*(column.cells for column in kept), strict=True):
        table.add_row(*(Text(cell) if isinstance(cell, str) else cell for cell in cells))
    console.print(table)
    if left_out:
        names = ", ".join(column.heading for column in columns if column.heading in left_out)
        console.print(f"no room for {names}: {instead}", style="dim", highlight=False)


def _width(cell: Text | str) -> int:
    return cell_len(cell) if isinstance(cell, str) else cell.cell_len


def _without_room(columns: Sequence[Column], spare: Sequence[str], width: int) -> set[str]:
    """Return as many of the spare columns as must go."""
    left_out: set[str] = set()
    remaining: Iterator[str] = iter(spare)
    while _sum(each for each in columns if each.heading not in left_out) > width:
        heading = next(remaining, None)
        if heading is None:
            break
        left_out.add(heading)
    return left_out


def _sum(columns: Iterator[Column]) -> int:
    return sum(column.width + _GAP for column in columns) - _GAP
