"""Two runs side by side: what went in, what came out, and which trades are not the same."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from app.runs.integrity import worst
from app.runs.kept_runs import DEFAULT_DATABASE, Kept, kept_run
from app.runs.overview import IDENTITY, Row, manifest_of, trades_of
from app.runs.went_in import went_in
from engine.domain.amounts import exact
from engine.domain.ensemble_values import ensemble_differences
from engine.domain.errors import ConfigError
from engine.journal import Integrity


class TradeApart(msgspec.Struct, frozen=True, kw_only=True):
    """A trade that is not the same in both runs, or only in one.

    Attributes
    ----------
    pnl : (Decimal or None, Decimal or None)
        What it earned in each, USD; None where it is not, or is still open.
    delta : Decimal or None
        The second less the first; one that is in one run alone counts as nothing in the other.
    values : dict
        Both values of what differs; of a trade of one run alone nothing.
    only_in : str or None
        The run that alone has it.
    """

    trade_id: str
    strategy_id: str
    symbol: str
    side: int
    entry_ts: int | None
    pnl: tuple[Decimal | None, Decimal | None]
    delta: Decimal | None
    values: dict[str, list[Any]]
    only_in: str | None


class RunsCompared(msgspec.Struct, frozen=True, kw_only=True):
    """What went into two runs and came out of them.

    Attributes
    ----------
    names : (str, str)
        What people call them, empty if nothing.
    same : dict
        Of each part of the identity whether it is the same.
    identity, params, strategies, metrics : dict
        Both values of what is not the same, by name; ``exit_reasons.take_profit`` is one.
    deltas : dict
        Of the metrics that are numbers in both: the second less the first.
    trades : dict
        How many are the same, different, only in the first, only in the second.
    different_trades : tuple of TradeApart
        In order of entry.
    """

    runs: tuple[str, str]
    names: tuple[str, str]
    same: dict[str, bool]
    identity: dict[str, list[Any]]
    params: dict[str, list[Any]]
    strategies: dict[str, list[Any]]
    metrics: dict[str, list[Any]]
    deltas: dict[str, float]
    trades: dict[str, int]
    different_trades: tuple[TradeApart, ...]

    def as_json(self) -> Row:
        """Return it by name."""
        return msgspec.to_builtins(self)


def compared_runs(
    runs: Path, first: str, second: str, database: str = DEFAULT_DATABASE
) -> tuple[RunsCompared, Integrity | None]:
    """Return how two runs differ.

    Raises
    ------
    ConfigError
        Both names mean the same run. Else raises as ``kept_run`` does.
    """
    one, two = two_runs(first, second, runs, database)
    a, b = manifest_of(one), manifest_of(two)
    same = {key: a[key] == b[key] for key in IDENTITY}
    metrics = _differences(flat(a["metrics"]), flat(b["metrics"]))
    apart, unchanged = _apart(one, two)
    compared = RunsCompared(
        runs=(one.run_id, two.run_id),
        names=(one.name, two.name),
        same=same,
        identity={key: [a[key], b[key]] for key, equal in same.items() if not equal},
        params=_differences(a["params"], b["params"]),
        strategies={
            name: [*values]
            for name, values in ensemble_differences(
                went_in(one).ensemble, went_in(two).ensemble
            ).items()
        },
        metrics=metrics,
        deltas={
            name: float(exact(pair[1]) - exact(pair[0]))
            for name, pair in metrics.items()
            if all(isinstance(each, int | float) for each in pair)
        },
        trades={
            "same": unchanged,
            "different": sum(each.only_in is None for each in apart),
            "only_first": sum(each.only_in == one.run_id for each in apart),
            "only_second": sum(each.only_in == two.run_id for each in apart),
        },
        different_trades=tuple(apart),
    )
    return compared, worst(one.integrity(), two.integrity())


def two_runs(first: str, second: str, runs: Path, database: str) -> tuple[Kept, Kept]:
    """Return two runs that are to be held against each other.

    Raises
    ------
    ConfigError
        They are the same one: ``latest`` is the last run of both places. Else raises as
        ``kept_run``.
    """
    one, two = (kept_run(name, runs, database) for name in (first, second))
    if one.run_id == two.run_id:
        raise ConfigError(
            f"{first!r} and {second!r} are the same run, {one.run_id}, the last started of {runs} "
            f"and {database} if that is what latest was for: name another; 'tradectl runs list'"
            if "latest" in {first, second}
            else f"{first!r} and {second!r} are the same run, {one.run_id}: name another"
        )
    return one, two


def _apart(one: Kept, two: Kept) -> tuple[list[TradeApart], int]:
    """Return the trades that are not the same, and how many are."""
    first, second = ({row["trade_id"]: row for row in trades_of(run)} for run in (one, two))
    apart: list[TradeApart] = []
    unchanged = 0
    for trade_id in dict.fromkeys((*first, *second)):
        a, b = first.get(trade_id), second.get(trade_id)
        row = a or b
        assert row is not None  # noqa: S101 - one of the two is always there
        said = [name for name in a if name in b] if a and b else []  # older runs say less
        values = {name: [a[name], b[name]] for name in said if a and b and a[name] != b[name]}
        if a and b and not values:
            unchanged += 1
            continue
        earned = tuple(None if each is None else each["realized_pnl"] for each in (a, b))
        is_over = all(each is None or each["realized_pnl"] is not None for each in (a, b))
        apart.append(
            TradeApart(
                trade_id=trade_id,
                strategy_id=row["strategy_id"],
                symbol=row["symbol"],
                side=row["side"],
                entry_ts=row["entry_ts"],
                pnl=(earned[0], earned[1]),
                delta=(earned[1] or Decimal(0)) - (earned[0] or Decimal(0)) if is_over else None,
                values=values,
                only_in=None if a and b else (one if a else two).run_id,
            )
        )
    apart.sort(key=lambda each: (each.entry_ts or 0, each.trade_id))
    return apart, unchanged


def flat(figures: Row) -> Row:
    """Return figures without dicts in them: their values have names of their own."""
    flat: Row = {}
    for name, value in figures.items():
        if isinstance(value, dict):
            flat |= {f"{name}.{key}": each for key, each in value.items()}  # pyright: ignore[reportUnknownVariableType]
        else:
            flat[name] = value
    return flat


def _differences(one: Row, two: Row) -> dict[str, list[Any]]:
    keys = [*one, *(key for key in two if key not in one)]
    return {key: [one.get(key), two.get(key)] for key in keys if one.get(key) != two.get(key)}
