"""The rows of files, checked, coded and put to their partitions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, time
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from catalog.imports.flaws import FLAWS, SOUND, UNPLACED, describe, find_flaws
from catalog.imports.formats import OF_ANY_VENUE, Format, Reading, format_of, read_file
from catalog.imports.formats.files import bare_name
from catalog.imports.staging import ABSENT, PART_KEY, Staging, part_key
from catalog.schema import SCHEMAS, Kind, exact_size_column
from engine.domain.errors import DataError
from engine.domain.fixed_point import fixed_prices, fixed_sizes
from engine.domain.market_data.conditions import tape_letter
from engine.domain.market_data.recorded import letter_of
from engine.domain.session import NANOS_PER_SECOND, NEW_YORK, day_of


class Intake:
    """Reads files into a staging and counts what it meets.

    Parameters
    ----------
    staging
        Takes the sound rows, and sets the flawed ones aside.
    form, reading
        What the files are and how their columns are meant.
    one_sided
        Quotes may lack a side.
    strict
        Refuse the first flawed row.

    Attributes
    ----------
    rows_in, rows_out : int
        Rows read, and those without a flaw.
    rejected : Counter
        Flawed rows by flaw; ``rejected_by_part`` by partition, as far as they have one.
    out_of_order : int
        Rows earlier than the row above them of the same symbol.
    without_arrival : int
        Rows that had no ``ts_init`` and got ``ts_event``.
    tapes : dict
        Tape letter by symbol, where a file tells it.
    unknown_tapes : dict
        What files call the tape of a symbol, where that is none.
    venues : dict
        Exchanges by symbol, of quotes that may be of single venues.
    """

    def __init__(
        self, staging: Staging, form: Format, reading: Reading, *, one_sided: bool, strict: bool
    ) -> None:
        self.rows_in = 0
        self.rows_out = 0
        self.rejected: Counter[str] = Counter()
        self.rejected_by_part: Counter[int] = Counter()
        self.out_of_order = 0
        self.without_arrival = 0
        self.tapes: dict[str, str] = {}
        self.unknown_tapes: dict[str, str] = {}
        self.venues: dict[str, set[str]] = {}
        self._staging = staging
        self._form = form
        self._reading = reading
        self._one_sided = one_sided
        self._strict = strict
        self._letters = np.empty(0, dtype=np.int64)
        self._sizes = exact_size_column(staging.kind)

    def read(self, path: str) -> Iterator[int]:
        """Read one file, yielding the number of rows read so far."""
        kind = self._staging.kind
        may_be_venues = kind is Kind.QUOTES and format_of(path, self._form) in OF_ANY_VENUE
        first_row = self.rows_in
        for raw in read_file(path, kind, self._form, self._reading):
            flaws = find_flaws(raw, kind, one_sided=self._one_sided)
            sound = flaws == SOUND
            if not sound.all():
                self._reject(raw, flaws, path, self.rows_in - first_row)
            taken = raw if sound.all() else raw.filter(pa.array(sound))
            self._take(taken)
            if may_be_venues:
                self._see_venues(taken)
            self.rows_in += raw.num_rows
            yield self.rows_in

    def _reject(self, raw: pa.Table, flaws: NDArray[np.int8], path: str, first_row: int) -> None:
        rows = np.flatnonzero(flaws != SOUND)
        found = [FLAWS[code] for code in flaws[rows]]
        if self._strict:
            row = raw.slice(rows[0], 1).to_pylist()[0]
            raise DataError(
                f"{describe(self._staging.kind, row, found[0])} "
                f"(row {first_row + rows[0] + 1:,} of {path}); "
                "nothing was stored. Without --strict such rows are set aside"
            )
        self.rejected.update(str(flaw) for flaw in found)
        rejects = raw.take(rows).drop_columns(["flaw"])
        self._staging.set_aside(
            rejects.append_column("flaw", pa.array([str(flaw) for flaw in found]))
            .append_column("source", pa.repeat(bare_name(path), len(rows)))
            .append_column("row", pa.array(first_row + rows + 1))
        )
        placed = raw.take(rows[[flaw not in UNPLACED for flaw in found]])
        if placed.num_rows:
            symbol = self._staging.vocabularies["symbol"].encode(placed["symbol"])
            keys = self._part_keys(placed["ts_event"].to_numpy(), symbol)
            self.rejected_by_part.update(keys.tolist())

    def _take(self, raw: pa.Table) -> None:
        self.rows_out += raw.num_rows
        if not raw.num_rows:
            return
        ts_event = raw["ts_event"].to_numpy()
        ts_init = pc.coalesce(raw["ts_init"], raw["ts_event"]).to_numpy()
        columns = {"ts_event": ts_event, "ts_init": ts_init}
        for field in SCHEMAS[self._staging.kind]:
            if field.name not in columns:
                columns[field.name] = self._coded(raw[field.name], field)
        symbol = columns["symbol"]
        columns[PART_KEY] = self._part_keys(ts_event, symbol)
        self._staging.add(columns)
        earlier = (ts_init[1:] < ts_init[:-1]) & (symbol[1:] == symbol[:-1])
        self.out_of_order += int(np.count_nonzero(earlier))
        self.without_arrival += raw["ts_init"].null_count
        if raw["tape"].null_count < raw.num_rows:
            pairs = raw.select(["symbol", "tape"]).group_by(["symbol", "tape"]).aggregate([])
            rows = pairs.to_pylist()
            for row in rows:
                self._see_tape(row["symbol"], row["tape"] or "")

    def _see_tape(self, symbol: str, said: str) -> None:
        letter = tape_letter(said)
        if letter:
            self.tapes[symbol] = letter
        elif said.strip():
            self.unknown_tapes[symbol] = said

    def _see_venues(self, quotes: pa.Table) -> None:
        pairs = quotes.select(["symbol", "exchange"]).group_by(["symbol", "exchange"])
        for row in pairs.aggregate([]).to_pylist():
            if row["exchange"]:
                self.venues.setdefault(row["symbol"], set()).add(row["exchange"])

    def of_several_venues(self) -> list[int]:
        """Return the ids of symbols whose quotes name more exchanges than one."""
        several = {symbol for symbol, names in self.venues.items() if len(names) > 1}
        texts = self._staging.vocabularies["symbol"].texts
        return [n for n, text in enumerate(texts) if text in several]

    def on_unknown_tapes(self) -> dict[int, str]:
        """Return what is said of the tape of symbols that have no known one, by symbol id."""
        ids = {text: n for n, text in enumerate(self._staging.vocabularies["symbol"].texts)}
        unknown = self.unknown_tapes.items()
        return {ids[symbol]: said for symbol, said in unknown if symbol not in self.tapes}

    def _coded(self, column: Any, field: pa.Field) -> NDArray[Any]:
        if pa.types.is_dictionary(field.type):
            return self._staging.vocabularies[field.name].encode(column)
        if pa.types.is_decimal(field.type):
            amounts = column.to_numpy()
            known = ~np.isnan(amounts)
            fixed = fixed_sizes if field.name == self._sizes else fixed_prices
            return np.where(known, fixed(np.where(known, amounts, 0.0)), ABSENT)
        if field.nullable:
            return column.fill_null(ABSENT).to_numpy()
        return column.to_numpy().astype(np.int64)

    def _part_keys(
        self, ts_event: NDArray[np.int64], symbol: NDArray[np.int32]
    ) -> NDArray[np.int64]:
        new = self._staging.vocabularies["symbol"].texts[len(self._letters) :]
        codes = np.array([ord(letter_of(text)) for text in new], dtype=np.int64)
        self._letters = np.concatenate([self._letters, codes])
        return part_key(_new_york_days(ts_event), self._letters[symbol])


def _new_york_days(ts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the ordinals of the New York dates of some UTC nanoseconds."""
    first, last = day_of(int(ts.min())).toordinal(), day_of(int(ts.max())).toordinal()
    midnights = np.array([_midnight(day) for day in range(first, last + 1)], dtype=np.int64)
    return first + np.searchsorted(midnights, ts, side="right") - 1


@cache
def _midnight(day: int) -> int:
    moment = datetime.combine(date.fromordinal(day), time(), tzinfo=NEW_YORK)
    return int(moment.timestamp()) * NANOS_PER_SECOND
