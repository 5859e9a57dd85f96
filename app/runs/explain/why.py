"""Why a symbol was, or was not, a candidate and a trade at one bucket."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from app.backtest.asked_data import asked_data, expect_stored
from app.clock import instant, nanosecond, new_york, parse_day
from app.runs.chosen_run import chosen_run
from app.runs.explain.day_tape import SpooledPrints, WantedCatalog, spool_of
from app.runs.explain.gate_checks import GateCheck, finite, gate_checks
from app.runs.explain.tape_at_hand import TapeAtHand, tape_at_hand
from app.runs.kept_runs import DEFAULT_DATABASE, Kept
from app.runs.running import goes_on
from app.runs.signals.said import SignalSaid, WeightInForce, said_by_strategies
from catalog import Catalog
from catalog.warnings import DayWarning
from engine.domain.account import ACCELERATION
from engine.domain.counted import counted
from engine.domain.errors import ConfigError, NotFoundError
from engine.domain.facts import Contribution
from engine.domain.market_data.recorded import Prints, letter_of
from engine.domain.parameters import Parameters
from engine.domain.parameters.versions import ParameterHistory
from engine.domain.session import day_of, session
from engine.domain.symbols import expect_symbol, is_test_issue
from engine.journal import Integrity
from engine.signals.bucket_series import judged_buckets
from engine.signals.tables import rows_table, told_rows
from store import rows_of

_SHOWN = ("ao", "ac", "ao_bps", "ac_bps", "sigma_bps", "ac_z", "volume", "run_volume", "vwap")


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """What scanner and hub said of one symbol at one bucket.

    Attributes
    ----------
    ts_event : int
        End of the bucket, UTC ns.
    scanner : dict or None
        Its row, by name; None where the bucket was not judged.
    first_judged : int or None
        Where it was not: the first bucket that was, UTC ns.
    strategies : tuple of WeightInForce
        Those of the run that were on, acceleration among them or not; empty without a run.
    signals : tuple of SignalSaid
        Of strategies that look at the tape.
    verdict, trade : dict or None
        Rows of the run's tables; of several strategies' verdicts the one that was approved.
    verdicts : tuple of dict
        All of them, where the bucket has several.
    contributions : tuple of Contribution
        Behind the trade, its owner's first.
    warnings : tuple of DayWarning
        What was found doubtful when the day was imported.
    tape : TapeAtHand
        Where its prints were read, and whether the run traded these.
    narrowed_to : str
        What the run looked at where that leaves the symbol out, else empty.
    running : bool
        The run goes on: what follows from the bucket may still change.
    answer : str
        In one sentence.
    """

    symbol: str
    ts_event: int
    scanner: dict[str, Any] | None
    gates: tuple[GateCheck, ...]
    first_judged: int | msgspec.UnsetType | None = msgspec.UNSET
    params_version: int
    run_id: str | None
    strategies: tuple[WeightInForce, ...] = ()
    signals: tuple[SignalSaid, ...] = ()
    verdict: dict[str, Any] | None
    verdicts: tuple[dict[str, Any], ...] = ()
    trade: dict[str, Any] | None
    tape: TapeAtHand
    narrowed_to: str = ""
    running: bool = False
    warnings: tuple[DayWarning, ...] = ()
    contributions: tuple[Contribution, ...] = ()
    answer: str = ""

    @property
    def asks_the_gates(self) -> bool:
        """Say whether acceleration, whose gates these are, is among the strategies."""
        names = [each.strategy_id for each in self.strategies]
        return not names or ACCELERATION in names

    @property
    def asks_alone(self) -> bool:
        """Say whether acceleration is the only one."""
        return {each.strategy_id for each in self.strategies} <= {ACCELERATION}


def explained(
    symbol: str,
    time: str,
    *,
    run: str | None,
    day: date | None,
    catalog: WantedCatalog,
    runs: Path,
    params: Path | None = None,
    settings: list[str] | None = None,
    database: str = DEFAULT_DATABASE,
) -> tuple[Explanation, Integrity | None]:
    """Return what was said of a symbol at the bucket that holds an instant.

    Parameters
    ----------
    time : str
        As ``app.clock.instant`` reads it.
    run : str, optional
        By default the last one over the day, unless parameters are given.
    day : date, optional
        By default that of ``time``, or the only one there is.

    Raises
    ------
    ConfigError
        There are several days, or a run and parameters are both given.
    NotFoundError
        Run, catalog or the symbol's trades are not stored, or a run that goes on has not closed
        that bucket yet.
    """
    symbol = expect_symbol(symbol, "symbol")
    asked = day or _day_in(time)
    chosen, history = chosen_run(runs, run, asked, params, settings, database)
    spooled = spool_of(chosen)
    market = catalog.opened(chosen) if spooled is None else SpooledPrints(spooled, [symbol])
    ts = instant(time, asked or _only_day(market, chosen))
    width = history.at(ts).bucket_ns
    ts_event = -(-ts // width) * width
    tape = tape_at_hand(chosen, catalog, [day_of(ts)])
    rows = _judged(market, day_of(ts), symbol, history)
    if isinstance(market, SpooledPrints) and goes_on(chosen):
        _expect_closed(ts_event, market.heard_ns, history)
    in_force = history.in_force(ts_event)
    found = Explanation(
        symbol=symbol,
        ts_event=ts_event,
        **_scanner_says(rows, ts_event, in_force.params),
        params_version=in_force.version,
        **_hub_says(chosen, symbol, ts_event),
        tape=tape,
        narrowed_to=_narrowed(chosen, symbol),
        running=goes_on(chosen),
        warnings=asked_data(market, [day_of(ts)], symbols=[symbol])
        if isinstance(market, Catalog)
        else (),
    )
    answer = msgspec.structs.replace(found, answer=_conclusion(found))
    return answer, chosen.integrity() if chosen else None


def _day_in(time: str) -> date | None:
    if (ts := nanosecond(time)) is not None:
        try:
            return day_of(ts)
        except (ValueError, OverflowError, OSError) as error:
            raise ConfigError(f"{time} is no time in UTC nanoseconds; write HH:MM:SS") from error
    day, separator, _ = time.partition("T")
    return parse_day(day) if separator else None


def _expect_closed(ts_event: int, heard_ns: int, history: ParameterHistory) -> None:
    if ts_event + history.at(ts_event).grace_ns > heard_ns:
        raise NotFoundError(
            f"the bucket to {new_york(ts_event)} has not closed yet: the last print that the run "
            f"has kept came at {new_york(heard_ns)}; ask again later"
        )


def _narrowed(run: Kept | None, symbol: str) -> str:
    """Return what a run was narrowed to that does not hold a symbol, else nothing."""
    if run is None:
        return ""
    if run.letters and letter_of(symbol) not in run.letters:
        return f"the letters {', '.join(run.letters)}"
    if run.symbols and symbol not in run.symbols:
        return f"the symbols {', '.join(run.symbols)}"
    return ""


def _only_day(market: Catalog | SpooledPrints, run: Kept | None) -> date:
    if run is not None and run.start == run.end:
        return parse_day(run.start)
    stored = market.dates() if isinstance(market, Catalog) else []
    if run is None and len(stored) == 1:
        return stored[0]
    raise ConfigError("there are several days to look at; name one with --date")


def _judged(market: Prints, day: date, symbol: str, history: ParameterHistory) -> pa.Table:
    """Return every bucket of the symbol that has an ``ao``, held against every gate."""
    params, changes = history.shaping_day(session(day))
    if isinstance(market, Catalog):
        expect_stored(market, [day], [symbol])
    (scanner,) = judged_buckets(market, day, params, [symbol], changes)
    if not scanner.symbols:
        raise NotFoundError(f"no trades of {symbol} are stored for {day}; 'tradectl catalog info'")
    pieces = scanner.take_output()
    return pa.concat_tables(
        rows_table(piece.rows, scanner.symbols, piece.settings) for piece in pieces
    )


def _scanner_says(rows: pa.Table, ts_event: int, params: Parameters) -> dict[str, Any]:
    times = rows["ts_event"].to_pylist()
    if ts_event not in times:
        return {"scanner": None, "gates": (), "first_judged": times[0] if times else None}
    (row,) = told_rows(rows.slice(times.index(ts_event), 1))
    scanner = {
        "side": row["side"],
        "phase": row["phase"],
        "fade_reason": row["fade_reason"],
        "qualified": row["qualified"],
        "last": float(row["last"]),
    } | {name: finite(row[name]) for name in _SHOWN}
    return {"scanner": scanner, "gates": gate_checks(row, params)}


def _hub_says(run: Kept | None, symbol: str, ts_event: int) -> dict[str, Any]:
    if run is None:
        return {"run_id": None, "verdict": None, "trade": None}
    verdicts = _rows(run, "verdicts", "ts_event", symbol, ts_event)
    trades = _rows(run, "trades", "candidate_ts", symbol, ts_event)
    said = said_by_strategies(run, symbol, ts_event)
    approved = [each for each in verdicts if each["approved"]]
    return {
        "run_id": run.run_id,
        "strategies": said.weights,
        "signals": said.signals,
        "verdict": next(iter(approved or verdicts), None),
        "verdicts": tuple(verdicts) if len(verdicts) > 1 else (),
        "trade": trades[0] if trades else None,
        "contributions": said.contributions,
    }


def _rows(run: Kept, name: str, column: str, symbol: str, ts_event: int) -> list[dict[str, Any]]:
    table = run.table(name)
    if table is None:
        return []
    same = (pc.field("symbol") == symbol) & (pc.field(column) == ts_event)
    return rows_of(table.filter(same))


def _conclusion(found: Explanation) -> str:
    """Return the answer in one sentence."""
    verdict, trade = found.verdict, found.trade
    if trade is not None:
        owner = "" if found.asks_alone else f" by {trade['strategy_id']}"
        return f"entered as {trade['trade_id']}{owner}, {trade['exit_reason'] or 'still open'}"
    if verdict is not None:
        whose = "" if found.asks_alone else f" for {verdict['strategy_id']}"
        if verdict["approved"]:
            return f"approved{whose}, but the entry was never filled"
        return f"refused by the hub{whose}: {verdict['reason']}, {verdict['detail']}"
    if found.narrowed_to:
        looked = f"run {found.run_id} did not look at it: it was narrowed to {found.narrowed_to}"
        return f"{looked}; {_at_the_gates(found)}"
    others = [each.in_words for each in found.signals]
    if not found.asks_the_gates:
        names = ", ".join(each.strategy_id for each in found.strategies)
        return "; ".join(others) or f"the run keeps no signal on it at that bucket, of {names}"
    return "; ".join([_at_the_gates(found), *others])


def _at_the_gates(found: Explanation) -> str:
    """Return what the compiled scanner made of it."""
    if found.scanner is None:
        first = found.first_judged
        begins = (
            f"judged from {new_york(first)} on, within the session"
            if isinstance(first, int)
            else f"never judged: {_why_never(found)}"
        )
        return f"not judged at that bucket: {found.symbol} is {begins}"
    failed = [f"{check.gate} {check.in_words}" for check in found.gates if not check.passed]
    if failed:
        return (
            f"stopped by {len(failed)} of {counted(len(found.gates), 'gate')}: {'; '.join(failed)}"
        )
    if found.narrowed_to:
        return "it passes every gate"
    judge = f"run {found.run_id} has no verdict on it" if found.run_id else "no run looked"
    return f"passed every gate; {judge}"


def _why_never(found: Explanation) -> str:
    """Return why no bucket of a symbol was judged all day."""
    if is_test_issue(found.symbol):
        return "it is a test issue of the exchanges, which is no candidate"
    return "; ".join(["too few buckets", *(each.message for each in found.warnings)])
