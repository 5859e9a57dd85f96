"""A spool that was written while time went back and processes died holds every row once."""

from __future__ import annotations

from collections import Counter
from functools import cache, reduce
from operator import or_
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog import Catalog
from catalog.adopt import adopt
from catalog.schema import Kind
from catalog.spool import Spooled
from catalog.spool.bodies import Arrived, BodyReader
from catalog.spool.chunks import bodies
from engine.domain.errors import DataError
from engine.domain.market_data.quotes import QuoteBatch
from engine.domain.market_data.trades import TradeBatch
from engine.domain.session import session
from tests.catalog.spool.tape import DAY, frames, of_kind, rows
from tests.catalog.spool.test_spool import spool

_FRAMES = 60

type Rows = Counter[tuple[object, ...]]


@cache
def _tape() -> tuple[Arrived, ...]:
    """Return a tape on which some prints are equal and real nevertheless."""
    tape: list[Arrived] = []
    for batch in frames(_FRAMES, seed=21):
        if isinstance(batch, TradeBatch) and len(tape) % 4 == 0:
            tape.append(batch.rows(np.repeat(np.arange(len(batch)), 2)))
        else:
            tape.append(batch)
    return tuple(tape)


def _said(found: list[tuple[object, ...]]) -> list[tuple[object, ...]]:
    """Return rows without their arrival."""
    return [row[:3] + row[4:] for row in found]


def _on_disk(path: Path, kind: Kind) -> list[tuple[object, ...]]:
    reader = BodyReader()
    read = reader.trades if kind is Kind.TRADES else reader.quotes
    return _said(rows([read(body) for body in bodies(path)]))


def _read_into(read: list[TradeBatch], spooled: Spooled) -> None:
    for batch in spooled.trades():
        read.append(batch)  # noqa: PERF402  (what was yielded before a failure counts)


@st.composite
def _lives(draw: st.DrawFn) -> list[tuple[list[tuple[int, int]], int]]:
    """Draw processes: the stretches that each heard, and bytes that its death cost each file."""
    lives: list[tuple[list[tuple[int, int]], int]] = []
    end = 0
    for _ in range(draw(st.integers(2, 4))):
        stretches: list[tuple[int, int]] = []
        for _ in range(draw(st.integers(1, 2))):
            # one that begins with the last instant before it does not go back
            start = draw(st.one_of(st.just(end), st.integers(0, max(0, end - 10))))
            end = min(_FRAMES, start + draw(st.integers(5, 30)))
            stretches.append((start, end))
        lives.append((stretches, draw(st.integers(0, 400))))
    return lives


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(lives=_lives(), chunk=st.sampled_from((1, 4, 50)))
def test_rows_that_came_again_count_once_and_no_other_is_lost(
    lives: list[tuple[list[tuple[int, int]], int]],
    chunk: int,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder, tape = tmp_path_factory.mktemp("lives"), _tape()
    kept: dict[Kind, list[Rows]] = {Kind.TRADES: [], Kind.QUOTES: []}
    for number, (stretches, cost) in enumerate(lives):
        spool(folder, [each for start, end in stretches for each in tape[start:end]], chunk)
        for kind, batch in ((Kind.TRADES, TradeBatch), (Kind.QUOTES, QuoteBatch)):
            path = Spooled(folder).files(kind)[number]
            path.write_bytes(path.read_bytes()[: max(0, path.stat().st_size - cost)])
            left = _on_disk(path, kind)
            for start, end in stretches:
                n = sum(map(len, of_kind(tape[start:end], batch)))
                kept[kind].append(Counter(left[:n]))
                left = left[n:]
    spooled = Spooled(folder)
    for kind, batches in (
        (Kind.TRADES, list(spooled.trades())),
        (Kind.QUOTES, list(spooled.quotes())),
    ):
        assert Counter(_said(rows(batches))) == reduce(or_, kept[kind])
        arrivals = [ts for batch in batches for ts in batch.ts_init.tolist()]
        assert arrivals == sorted(arrivals)


def test_such_a_spool_becomes_a_day_and_says_what_came_again(tmp_path: Path) -> None:
    tape = _tape()
    spool(tmp_path / "spool", [*tape[:40], *tape[10:30]])
    spool(tmp_path / "spool", list(tape[20:]))
    catalog = Catalog(str(tmp_path / "catalog"))
    adopted = adopt(catalog, Spooled(tmp_path / "spool"))
    repeated = [*tape[10:30], *tape[20:40]]
    names, until = ["AAA", "BBB", "CCC", "DDD", "EEE", "ZZZ"], session(DAY).close_ns
    for report, kind, read in zip(
        adopted.reports, (TradeBatch, QuoteBatch, tuple), (catalog.trades, catalog.quotes, None),
        strict=True,
    ):  # fmt: skip
        assert report.rejected == {"repeated": sum(map(len, of_kind(repeated, kind)))}
        assert report.quarantine is not None
        if read is not None:
            stored = rows([read(DAY, names, 0, until)])
            assert sorted(stored) == sorted(rows(of_kind(tape, kind)))
    assert adopt(catalog, Spooled(tmp_path / "spool")).reports[0].stored == 0


def test_a_damaged_file_costs_nothing_of_those_after_it(tmp_path: Path) -> None:
    tape = _tape()
    spool(tmp_path, list(tape[:30]))
    spool(tmp_path, list(tape[30:]))
    path = Spooled(tmp_path).files(Kind.TRADES)[0]
    content = bytearray(path.read_bytes())
    content[20] ^= 1
    path.write_bytes(content)
    read: list[TradeBatch] = []
    with pytest.raises(DataError, match=r"trades-0000\.spool is damaged"):
        _read_into(read, Spooled(tmp_path))
    assert rows(read) == rows(of_kind(tape[30:], TradeBatch))
