"""Test issues of the exchanges are on the tape and never among the candidates."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from engine.domain.session import session
from engine.domain.symbols import is_symbol, is_test_issue
from tests.signals.tapes import DAY, EAGER, batch, run

TEST_ISSUES = ("ZVZZT", "ZXZZT", "ZWZZT", "ZJZZT", "ZBZZT", "ZVZZC", "ZBZX", "ZXIET", "ZTEST",
               "NTEST", "NTEST.A", "ATEST.B", "CTEST", "PTEST-W", "CBO", "IGZ")  # fmt: skip
SHARES = ("ZS", "ZZ", "ZVRA", "ZETA", "TSLA", "BACpL", "AZZ", "TES", "ZM", "FIZZ")


@pytest.mark.parametrize("symbol", TEST_ISSUES)
def test_a_test_issue_is_known(symbol: str) -> None:
    assert is_symbol(symbol)
    assert is_test_issue(symbol)


@pytest.mark.parametrize("symbol", SHARES)
def test_a_share_is_none(symbol: str) -> None:
    assert is_symbol(symbol)
    assert not is_test_issue(symbol)


def test_a_test_issue_is_no_candidate_and_changes_no_other() -> None:
    ts = session(DAY).open_ns + np.arange(240) * 5_000_000_000 + 1
    rises = 100 + np.maximum(np.arange(240) - 80, 0) ** 2 * 0.001

    def tape(*symbols: str) -> pd.DataFrame:
        shares = {"ts_event": ts, "price": rises, "size": 500.0, "conditions": ""}
        frames = [pd.DataFrame(shares | {"symbol": symbol}) for symbol in symbols]
        return pd.concat(frames).sort_values("ts_event", kind="stable")

    scanner, _ = run(batch(tape("ZETA")), EAGER, DAY)
    beside, both = run(batch(tape("ZVZZT", "ZETA", "NTEST.A")), EAGER, DAY)
    raised = [each.symbol for report in both for each in report.candidates]
    assert set(raised) == {"ZETA"}
    assert beside.digest() == scanner.digest()
