"""A table that fits the terminal: columns that have no room are left out, and named below it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table
from rich.text import Text

_GAP = 2
LONGEST_WORD = 24
"""Characters from which on a word, such as a path, may be cut where its column is wrapped."""

INSTEAD = "widen the terminal, or --json"
"""How else to see what was left out, of a command that has ``--json``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column and all its cells.

    Attributes
    ----------
    least : int, optional
        Characters down to which it may be wrapped between words; a word that is no longer than
        ``LONGEST_WORD`` is kept whole. None for a column that is never wrapped.
    """

    heading: str
    cells: Sequence[Text | str]
    is_number: bool = False
    least: int | None = None

    @property
    def widest(self) -> int:
        """The room in which none of its words is wrapped."""
        return max((_width(cell) for cell in (self.heading, *self.cells)), default=0)

    @property
    def narrowest(self) -> int:
        """The room it can be pressed into where words have to be cut."""
        return self.width if self.least is None else min(self.least, self.width)

    @property
    def width(self) -> int:
        """The room it needs."""
        if self.least is None:
            return self.widest
        texts = (str(cell) for cell in (self.heading, *self.cells))
        longest = max((cell_len(word) for text in texts for word in text.split()), default=0)
        return min(max(self.least, min(longest, LONGEST_WORD)), self.widest)


@dataclass(frozen=True, slots=True)
class FittedTable:
    """A table that says below it which of its spare columns had no room.

    Attributes
    ----------
    spare : sequence of str
        Headings of the columns that may be left out; the first goes first.
    instead : str
        How else to see what was left out.
    """

    columns: Sequence[Column]
    spare: Sequence[str] = ()
    title: str | None = None
    instead: str = INSTEAD

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the table as wide as it may be, and what had no room."""
        left_out = _without_room(self.columns, self.spare, options.max_width)
        table = Table(
            title=self.title, title_justify="left", title_style="bold", box=None, pad_edge=False
        )
        kept = [column for column in self.columns if column.heading not in left_out]
        for column, width in zip(kept, _widths(kept, options.max_width), strict=True):
            table.add_column(
                column.heading,
                justify="right" if column.is_number else "left",
                no_wrap=column.least is None,
                width=width,
                overflow="fold",
            )
        for cells in zip(*(column.cells for column in kept), strict=True):
            table.add_row(*(Text(cell) if isinstance(cell, str) else cell for cell in cells))
        yield table
        if left_out:
            names = ", ".join(each.heading for each in self.columns if each.heading in left_out)
            yield Text(f"no room for {names}: {self.instead}", style="dim")


def fitted_rows(
    headings: Sequence[str],
    rows: Iterable[Sequence[Text | str]],
    *,
    numbers: Collection[str] = (),
    wrapped: Mapping[str, int] | None = None,
    spare: Sequence[str] = (),
    title: str | None = None,
    instead: str = INSTEAD,
) -> FittedTable:
    """Return a table of rows.

    Parameters
    ----------
    rows : iterable of sequences
        As many cells in each as there are headings.
    numbers : collection of str
        Headings of columns that end where their numbers do.
    wrapped : mapping, optional
        ``Column.least`` by heading, of the columns that may be wrapped.
    spare, title, instead
        As ``FittedTable`` has them.
    """
    least = wrapped or {}
    cells = list(zip(*rows, strict=True)) or [()] * len(headings)
    columns = [
        Column(
            heading=heading, cells=column, is_number=heading in numbers, least=least.get(heading)
        )
        for heading, column in zip(headings, cells, strict=True)
    ]
    return FittedTable(columns, spare, title, instead)


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


def _widths(columns: Sequence[Column], width: int) -> list[int]:
    """Return how wide each column is drawn.

    Room that is left goes to wrapped columns by how much each lacks, so that the one with the most
    to say is not pressed for others; where there is too little, the first ones yield.
    """
    room = width - _sum(iter(columns))
    if room < 0:
        drawn: list[int] = []
        for column in columns:
            less = min(-room, column.width - column.narrowest)
            room += less
            drawn.append(column.width - less)
        return drawn
    drawn = [column.width for column in columns]
    lacks = [column.widest - column.width for column in columns]
    missing = sum(lacks)
    for place, lack in enumerate(lacks):
        more = min(lack, -(-room * lack // missing)) if missing else 0
        drawn[place] += more
        room, missing = room - more, missing - lack
    return drawn


def _sum(columns: Iterator[Column]) -> int:
    return sum(column.width + _GAP for column in columns) - _GAP
