"""Tables are as wide as the terminal at most, and what they show is whole."""

from __future__ import annotations

import ast
from itertools import pairwise
from pathlib import Path

from hypothesis import assume, given
from hypothesis import strategies as st
from rich.console import Console

from cli.terminal.flow import Flow
from reports.fitted_table import LONGEST_WORD, Column, FittedTable
from tests.conftest import ROOT

_WORDS = st.text("abcdefg0123456789.,−", min_size=1, max_size=LONGEST_WORD)
_SENTENCES = st.lists(_WORDS, min_size=1, max_size=6).map(" ".join)
_GRIDS = {
    "cli/backtest/rehearsal_page.py", "cli/journal/command.py", "cli/live/page.py",
    "cli/operate/status_page.py", "cli/runs/accounting.py", "cli/runs/command.py",
    "cli/runs/diff.py", "cli/runs/why.py", "reports/fitted_table.py", "reports/terminal.py",
}  # fmt: skip
"""Lists of names and values, and the columns of two runs: they have nothing to leave out."""


def drawn(table: FittedTable | Flow, width: int) -> str:
    console = Console(width=width, force_terminal=False)
    with console.capture() as capture:
        console.print(table)
    return capture.get()


@st.composite
def tables(draw: st.DrawFn) -> FittedTable:
    rows = draw(st.integers(1, 3))
    columns = [
        Column(
            heading=f"h{n}",
            cells=draw(st.lists(_SENTENCES if wraps else _WORDS, min_size=rows, max_size=rows)),
            least=draw(st.integers(4, 20)) if wraps else None,
            is_number=draw(st.booleans()),
        )
        for n, wraps in enumerate(draw(st.lists(st.booleans(), min_size=1, max_size=8)))
    ]
    spare = draw(st.lists(st.sampled_from([each.heading for each in columns]), unique=True))
    return FittedTable(columns, spare)


@given(st.lists(_SENTENCES, min_size=1, max_size=12), st.integers(60, 140))
def test_a_flow_breaks_between_its_texts_and_never_within(parts: list[str], width: int) -> None:
    parts = [each[:40].strip() for each in parts]
    lines = drawn(Flow(parts), width).splitlines()
    assert max(map(len, lines)) <= width
    assert "  ".join(lines) == "  ".join(parts)
    assert all(len(a) + 2 + len(b.split("  ")[0]) > width for a, b in pairwise(lines))


def test_the_column_with_the_most_to_say_gets_the_most_room() -> None:
    """Sixty characters beside three columns: few of them go to the short one."""
    cells = ("to close", "when it is next started again", "word " * 30)
    columns = [Column(heading=f"h{n}", cells=[each], least=8) for n, each in enumerate(cells)]
    first = drawn(FittedTable(columns), 100).splitlines()[1]
    assert len(first[first.index("word") :].rstrip()) >= 60


@given(tables(), st.integers(60, 140))
def test_no_word_is_cut_and_no_line_is_longer_than_the_terminal(
    table: FittedTable, width: int
) -> None:
    stays = [each for each in table.columns if each.heading not in table.spare]
    assume(sum(each.width + 2 for each in stays) <= width)
    page = drawn(table, width)
    assert max(map(len, page.splitlines())) <= width
    if "no room for " in page:
        head, _, foot = page.partition("no room for ")
    else:
        head, foot = page, ""
    gone = {name.strip(" :\n") for name in foot.partition(":")[0].split(",")}
    words = head.split()
    for each in table.columns:
        if each.heading in gone:
            assert each.heading in table.spare
            continue
        for cell in each.cells:
            assert all(word in words for word in str(cell).split())


def test_columns_with_words_give_way_before_figures_are_cut() -> None:
    path = "/one/very/long/path/of/a/folder/that/nobody/can/shorten/any/further/at/all"
    columns = (
        Column(heading="amount", cells=["1,234,567.89"], is_number=True),
        Column(heading="path", cells=[path], least=8),
        Column(heading="why", cells=["incomprehensibilities abound"], least=6),
    )
    page = drawn(FittedTable(columns), 36)
    assert "1,234,567.89" in page
    assert max(map(len, page.splitlines())) <= 36


def test_every_table_of_many_columns_goes_by_the_one_policy() -> None:
    made: set[str] = set()
    for room in ("cli", "reports", "app"):
        for file in (ROOT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.ImportFrom) and node.module == "rich.table":
                    made.add(str(Path(file).relative_to(ROOT)))
    assert made == _GRIDS
