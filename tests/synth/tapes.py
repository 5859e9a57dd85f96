"""A stored day as a data frame, and who holds what in it."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from catalog import Catalog
from catalog.schema import Kind

DAY = date(2026, 9, 18)
PENNY = 10_000


def frame(catalog: Catalog, kind: Kind, day: date = DAY) -> pd.DataFrame:
    """Return a day's rows, letter after letter in stored order; prices as int64 1e-6 USD."""
    letters = [letter for stored, letter in catalog.partitions.stored(kind) if stored == day]
    tables = [table for letter in letters for table in catalog.partitions.tables(kind, day, letter)]
    return pd.concat([_frame(table) for table in tables], ignore_index=True)


def having(tape: pd.DataFrame, code: str) -> pd.Series[bool]:
    """Say which prints carry a condition code, cancels and corrections aside."""
    return tape.conditions.str.contains(code, regex=False) & ~is_reversal(tape)


def is_reversal(tape: pd.DataFrame) -> pd.Series[bool]:
    """Say which rows take an earlier print back."""
    return tape.conditions.str.startswith("!")


def is_auction(tape: pd.DataFrame) -> pd.Series[bool]:
    """Say which prints are of an auction, or the official repetition of one."""
    return tape.conditions.isin(["O", "Q", "6", "M", "5"])


def _frame(table) -> pd.DataFrame:  # noqa: ANN001  (a pyarrow table)
    columns = {}
    for name in table.column_names:
        array = table[name].combine_chunks()
        if name in {"price", "bid", "ask"}:
            columns[name] = np.frombuffer(array.buffers()[1], np.int64)[: len(array)]
        elif name in {"symbol", "exchange", "conditions"}:
            columns[name] = array.cast("string").to_pandas()
        else:
            columns[name] = array.to_numpy(zero_copy_only=False)
    return pd.DataFrame(columns)
