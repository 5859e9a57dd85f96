"""What is told of a row that a recorded day does not keep."""

from __future__ import annotations

import string

from engine.domain.market_data.conditions import TAPES, updates
from simulator.market_data.history.row_facts import exchange, told_tape


def test_who_believes_the_letter_of_an_unknown_tape_decides_as_who_knows_nothing() -> None:
    codes = [*string.ascii_uppercase, *string.digits, "@", " ", ""]
    assert {updates(code, "") for code in codes} > {updates("", "")}
    for tape in TAPES:
        assert all(updates(code, told_tape(tape)) == updates(code, tape) for code in codes)
    assert exchange("") == exchange("A") == "N"
