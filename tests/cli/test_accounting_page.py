"""Accounting on terminals of different widths: whole figures, fewer columns."""

from __future__ import annotations

from decimal import Decimal
from io import StringIO

import pytest
from rich.console import Console

from cli.runs.accounting_page import table_page
from tests.accounting.streams import OPEN_NS

ROW: dict[str, object] = {
    "trade_id": "20180102-AAA-093500",
    "side": 1,
    "quantity": Decimal(1_250),
    "entry_ts": OPEN_NS,
    "exit_ts": None,
    "avg_px_open": Decimal("1234.56"),
    "fees": Decimal("0.05"),
    "exit_reason": "[/x]",
}
SPARE = ("fees", "exit_ts")


def _page(width: int, *rows: dict[str, object]) -> str:
    console = Console(width=width, file=StringIO(), record=True)
    table_page(console, rows, tuple(ROW), SPARE)
    return console.export_text()


@pytest.mark.parametrize("width", [74, 80, 140])
def test_what_has_room_is_whole_and_what_has_none_is_named(width: int) -> None:
    page = _page(width, ROW, ROW | {"trade_id": "20180102-BBB-100000"})
    for cell in ("20180102-AAA-093500", "20180102-BBB-100000", "1,250", "1,234.56", "[/x]"):
        assert cell in page
    assert ("0.05" in page) == (width >= 80)
    assert ("no room for" in page) == (width < 80)
    assert all(len(line) <= width for line in page.splitlines())


def test_the_day_is_told_once_where_there_is_but_one() -> None:
    assert _page(80, ROW).count("2018-01-02") == 1
    tomorrow = ROW | {"entry_ts": OPEN_NS + 86_400 * 10**9}
    assert "2018-01-03 09:30:00" in _page(140, ROW, tomorrow)
