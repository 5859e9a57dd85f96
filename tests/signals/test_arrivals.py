"""What is handed over late is late: nothing arrives before what was handed over ahead of it."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from engine.signals.arrivals import InOrder
from tests.signals.tapes import batch

_STRETCHES = st.lists(
    st.lists(st.integers(0, 50), min_size=1, max_size=6).map(sorted), min_size=1, max_size=8
)


@given(stretches=_STRETCHES)
def test_arrivals_never_go_back_and_only_what_is_late_moves(stretches: list[list[int]]) -> None:
    in_order, latest = InOrder(), 0
    for arrived in stretches:
        frame = pd.DataFrame(
            {"symbol": "AAA", "ts_event": arrived, "price": 1.0, "size": 1, "conditions": ""}
        )
        taken = in_order.take(batch(frame)).ts_init
        np.testing.assert_array_equal(taken, np.maximum(arrived, latest))
        latest = int(taken[-1])
