"""A day depends on its recipe alone; it is never stored by half, nor overwritten unasked."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pytest

from catalog import Catalog
from catalog.schema import Kind
from catalog.synth import letter as letter_module
from catalog.synth import planted_accelerations, stored_recipe, synthesize
from catalog.verify import verify
from engine.domain.errors import ConfigError
from engine.domain.session import session
from tests.synth.tapes import DAY, frame, is_auction, is_reversal

if TYPE_CHECKING:
    from pathlib import Path

    from catalog.synth import SynthReport


def digests(catalog: Catalog, kind: Kind) -> dict[str, str]:
    parts = {
        letter: catalog.partitions.manifest(kind, DAY, letter) for letter in catalog.letters(DAY)
    }
    return {letter: part.sha256 for letter, part in parts.items() if part is not None}


def test_the_same_recipe_gives_the_same_bytes_however_many_workers(
    catalog: Catalog, report: SynthReport, tmp_path: Path
) -> None:
    again = Catalog(str(tmp_path))
    synthesize(again, DAY, symbols=60, trades=300_000, seed=1, workers=5)
    assert len(digests(catalog, Kind.TRADES)) == report.letters
    for kind in (Kind.TRADES, Kind.QUOTES, Kind.STATUSES):
        assert digests(again, kind) == digests(catalog, kind)
    assert planted_accelerations(again, DAY).equals(planted_accelerations(catalog, DAY))
    assert again.data_hash(DAY, again.letters(DAY)) == catalog.data_hash(DAY, again.letters(DAY))


def test_trades_are_the_same_without_quotes(
    catalog: Catalog, report: SynthReport, tmp_path: Path
) -> None:
    bare = Catalog(str(tmp_path))
    made = synthesize(bare, DAY, symbols=60, trades=300_000, seed=1, quotes=False)
    assert (made.trades, made.quotes) == (report.trades, 0)
    assert digests(bare, Kind.TRADES) == digests(catalog, Kind.TRADES)
    assert not bare.has_quotes(DAY)


def test_another_seed_gives_another_day(catalog: Catalog, tmp_path: Path) -> None:
    other = Catalog(str(tmp_path))
    synthesize(other, DAY, symbols=60, trades=300_000, seed=2, quotes=False)
    pairs = zip(
        digests(other, Kind.TRADES).values(), digests(catalog, Kind.TRADES).values(), strict=True
    )
    assert all(mine != yours for mine, yours in pairs)


def test_a_letter_too_large_for_one_slice_stays_in_order_and_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(letter_module, "_SLICE_ROWS", 700)
    monkeypatch.setattr(letter_module, "_BLOCK_ROWS", 300)
    catalog = Catalog(str(tmp_path))
    synthesize(catalog, DAY, symbols=3, trades=20_000, seed=4)
    tape = frame(catalog, Kind.TRADES)
    for kind in (Kind.TRADES, Kind.QUOTES):
        rows = frame(catalog, kind)
        assert rows.groupby(rows.symbol.str[0]).ts_init.is_monotonic_increasing.all()
    rest = tape[~is_reversal(tape) & ~is_auction(tape)]
    assert 20_000 <= len(rest) < 20_020
    assert np.array_equal(np.sort(tape[~is_reversal(tape)].trade_id.unique())[:5], range(1, 6))


def test_a_half_day_closes_early(tmp_path: Path) -> None:
    day = date(2026, 11, 27)
    catalog = Catalog(str(tmp_path))
    synthesize(catalog, day, symbols=26, trades=60_000, seed=1, quotes=False)
    tape = frame(catalog, Kind.TRADES, day)
    one_o_clock = session(day).at("13:00")
    closing = tape[tape.conditions == "6"].ts_event
    assert closing.between(one_o_clock, one_o_clock + 60 * 10**9).all()
    assert (tape.ts_event >= one_o_clock).mean() < 0.1
    assert planted_accelerations(catalog, day)["peak_ns"].to_numpy().max() < one_o_clock


def test_one_symbol_and_one_trade_are_a_day(tmp_path: Path) -> None:
    catalog = Catalog(str(tmp_path))
    made = synthesize(catalog, DAY, symbols=1, trades=1, seed=1)
    tape = frame(catalog, Kind.TRADES)
    assert set(tape.symbol) == {"SPY"}
    assert (~is_auction(tape) & ~is_reversal(tape)).sum() == 1
    assert (made.accelerations, made.halts) == (0, 1)


def test_a_day_that_is_stored_already_is_left_alone(tmp_path: Path) -> None:
    catalog = Catalog(str(tmp_path))
    first = synthesize(catalog, DAY, symbols=5, trades=2_000, seed=1)
    again = synthesize(catalog, DAY, symbols=5, trades=2_000, seed=1)
    assert (first.was_stored, again.was_stored) == (False, True)
    assert (again.trades, again.quotes) == (first.trades, first.quotes)


def test_other_data_under_the_date_is_replaced_only_when_asked(tmp_path: Path) -> None:
    catalog = Catalog(str(tmp_path))
    synthesize(catalog, DAY, symbols=30, trades=2_000, seed=1)
    before = digests(catalog, Kind.TRADES)
    with pytest.raises(ConfigError, match=r"other trades and quotes .* give --replace"):
        synthesize(catalog, DAY, symbols=5, trades=2_000, seed=1)
    assert digests(catalog, Kind.TRADES) == before
    made = synthesize(catalog, DAY, symbols=5, trades=2_000, seed=1, replace=True, quotes=False)
    assert len(catalog.letters(DAY)) == made.letters == 5
    assert not catalog.has_quotes(DAY)
    assert verify(catalog).findings == []


def test_an_interrupted_day_is_not_taken_for_a_whole_one(tmp_path: Path) -> None:
    catalog = Catalog(str(tmp_path))

    def interrupt(done: int, total: int) -> None:
        if done > total / 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        synthesize(catalog, DAY, symbols=30, trades=20_000, seed=1, progress=interrupt)
    assert catalog.letters(DAY)
    assert stored_recipe(catalog, DAY) is None
    with pytest.raises(ConfigError, match="give --replace"):
        synthesize(catalog, DAY, symbols=30, trades=20_000, seed=1)
    made = synthesize(catalog, DAY, symbols=30, trades=20_000, seed=1, replace=True)
    assert stored_recipe(catalog, DAY) == made.recipe


@pytest.mark.parametrize(
    ("symbols", "trades", "seed", "message"),
    [
        (0, 10, 1, "--symbols is 0, expected 1 to 20,000"),
        (20, 10, 1, "--trades is 10, expected at least one for each of the 20 symbols"),
        (2, 10, -1, "--seed is -1, expected 0 or more"),
    ],
)
def test_numbers_that_make_no_day_are_refused(
    tmp_path: Path, symbols: int, trades: int, seed: int, message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        synthesize(Catalog(str(tmp_path)), DAY, symbols=symbols, trades=trades, seed=seed)
    assert not list(tmp_path.iterdir())


def test_progress_counts_up_to_all_rows(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    synthesize(
        Catalog(str(tmp_path)),
        DAY,
        symbols=30,
        trades=20_000,
        seed=1,
        quotes=False,
        progress=lambda done, total: seen.append((done, total)),
    )
    assert seen == sorted(seen)
    assert seen[-1] == (20_000, 20_000)
