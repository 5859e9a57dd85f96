"""Every parameter changes something that can be seen: none is read by nobody."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from msgspec.structs import replace

from app.live.destination import destination
from cluster.splitting import default_slots
from engine.decision import OpenTrade, entry_refusal, exit_due, flatten_step, phase
from engine.decision.governor.day_windows import cancel_entries_ns
from engine.domain.candidate import BucketReport, Side
from engine.domain.ensemble import Ensemble
from engine.domain.facts import ExitReason, Member
from engine.domain.market_data.trades import TradeBatch
from engine.domain.parameters import Parameters, parameters_from
from engine.domain.session import session
from engine.pipeline import judge
from engine.signals.rescan import warm_up_ns
from engine.tape.judgement import TapeLimits
from tests.decision.scene import (
    NOON,
    SESSION,
    candidate,
    closed,
    desk,
    governor,
    planned,
    quote,
    report,
)
from tests.signals.tapes import DAY, EAGER, batch, run


@cache
def tape() -> TradeBatch:
    """Return twenty minutes in which prices swing, now more and now less."""
    rng, opening, n = np.random.default_rng(11), session(DAY).open_ns, 12_000
    ts_event = np.sort(opening + rng.integers(-60 * 10**9, 1_200 * 10**9, n))
    secs = (ts_event - opening) / 10**9
    swing = 6 * (1 + 0.8 * np.cos(secs / 190)) * np.sin(secs / 70)
    symbol = rng.choice(["AAA", "BBB", "SPY"], n, p=[0.6, 0.1, 0.3])
    price = {"AAA": 50, "BBB": 3, "SPY": 400}
    base = np.array([price[each] for each in symbol]) + swing / 3
    late = rng.choice([10**6, 150 * 10**6, 400 * 10**6], n, p=[0.6, 0.3, 0.1])
    return batch(
        pd.DataFrame(
            {
                "symbol": symbol,
                "ts_event": ts_event,
                "ts_init": ts_event + late,
                "price": np.round(base + rng.choice([-0.01, 0, 0.02], n), 2),
                "size": rng.choice([50, 100, 900], n),
                "conditions": "@",
            }
        )
        .sort_values("ts_init", kind="stable")
        .reset_index(drop=True)
    )


def scanned(params: Parameters) -> list[object]:
    """Return every number the scanner reports of the tape."""
    _, reports = run(tape(), params, DAY)
    return [_said(each) for each in reports]


def _said(one: BucketReport) -> object:
    rows = [
        (
            each.symbol, each.side, each.phase, each.fade_reason, each.qualified, each.ts_init,
            each.score, each.sigma_bps, each.notional, each.features, len(each.window.ts),
            each.window.ao.tolist(), each.window.ac.tolist(), each.last, each.vwap,
        )
        for each in one.candidates
    ]  # fmt: skip
    return repr((one.ts_event, one.breadth, rows))


def decided(params: Parameters) -> object:
    """Return what becomes of a good candidate, and of two that are worse in one way each."""
    good = candidate()
    short = candidate("BBBB", side=Side.SHORT)
    wide = candidate("CCCC", quote=quote("99.80", "100.20", size=60))
    early = candidate("DDDD", ts=NOON, quote=quote("99.99", "100.01", age_secs=1.5), vwap=96.5)
    small = candidate("EEEE", session_volume=3_000)
    state = governor(planned("one"), params=params)
    held = OpenTrade("one", "MSFT", Side.LONG, Decimal(5_000), None)
    return [
        repr(judge(report(each), at, params, SESSION))
        for each in (good, short, wide, early, small)
        for at in (desk(), desk(held, state=state))
    ]


def combined(params: Parameters) -> object:
    """Return what becomes of two strategies' signals on one symbol, and of one that is weak."""
    ensemble = Ensemble(
        1,
        tuple(
            Member(name, "", 0.5, is_on=True, parameters={}, bracket={}) for name in ("one", "two")
        ),
    )
    both = [
        candidate(strategy_id=name, strength=strength, score=8 * strength)
        for name, strength in (("one", 0.5), ("two", 0.7))
    ]
    weak = candidate("BBBB", strategy_id="one", strength=0.9)
    at = replace(desk(), ensemble=ensemble)
    return repr(judge(report(*both, weak), at, params, SESSION))


def governed(params: Parameters) -> object:
    """Return what a day allows at some of its moments, after trades won and lost."""
    trade = OpenTrade("two", "NVDA", Side.LONG, Decimal(5_000), 60, entered_ns=NOON)
    found: list[object] = []
    for pnl in (2_000, -1_500):
        state = governor(planned("one"), closed("one", pnl), planned("two"), params=params)
        for at in ("09:32", "11:05", "15:20", "15:35", "15:50", "15:54:30", "15:57:30"):
            ts = SESSION.at(at)
            found += [
                phase(state, ts, params, SESSION),
                repr(entry_refusal(state, "MSFT", ts, params, SESSION)),
                exit_due(trade, state, ts, params, SESSION),
                flatten_step(ts, params, SESSION),
                ts >= cancel_entries_ns(params, SESSION),
            ]
    assert ExitReason.FLAT_BY_CLOSE in found
    return found


def trusted(params: Parameters) -> object:
    return TapeLimits.of(params)


def remembered(params: Parameters) -> object:
    return warm_up_ns(params)


def cut(params: Parameters) -> object:
    return default_slots(params).names


def sent(params: Parameters) -> object:
    place = destination(params.alpaca_trading_mode, is_chosen=True)
    return place.venue, place.sends


_FLAT = {"slow_period": 20, "ao_accel_lookback": 1, "min_ac_z": 0, "bucket_ttl": 3_600}
_SLOTS = {"concurrent_trading": True, "max_concurrent": 3}
_LIMIT = {"entry_type": "limit"}
_SCORE = {"confidence_rule": "score"}

# What goes beside is set before and after. More than one slot needs concurrent_trading, and shows.
# fmt: off
CHANGES: dict[str, tuple[Callable[[Parameters], object], object, dict[str, Any]]] = {
    # parameter                    scene     another value   beside
    "alpaca_trading_mode":         (sent,     "paper",       {}),
    "direction":                   (scanned,  "both",        {}),
    "bucket_seconds":              (scanned,  10,            {}),
    "late_trade_grace_ms":         (scanned,  100,           {}),
    "warm_premarket":              (scanned,  True,          {}),
    "max_carried_ratio":           (scanned,  0.1,           {}),
    "bucket_ttl":                  (remembered, 3_600,       {}),
    "fast_period":                 (scanned,  8,             {}),
    "slow_period":                 (scanned,  20,            {}),
    "smooth_period":               (scanned,  9,             {}),
    "ao_accel_lookback":           (scanned,  1,             {}),
    "ao_accel_rate":               (scanned,  2,             {}),
    "ao_history_buckets":          (scanned,  200,           _FLAT),
    "flatline_ratio":              (scanned,  0.3,           {}),
    "min_5s_flatline_ao_buckets":  (scanned,  2,             {}),
    "min_ac_z":                    (scanned,  3,             {}),
    "sigma_window":                (scanned,  24,            {}),
    "vol_floor":                   (scanned,  5_000,         {}),
    "vol_surge_multiplier":        (scanned,  1.5,           {}),
    "vol_window":                  (scanned,  12,            {}),
    "min_cumulative_ao_volume":    (scanned,  20_000,        {}),
    "min_cumulative_notional":     (scanned,  500_000,       {}),
    "min_price":                   (scanned,  10,            {}),
    "max_price":                   (scanned,  50,            {}),
    "candidate_publish_secs":      (scanned,  30,            {}),
    "candidate_window_secs":       (scanned,  60,            {}),
    "index_symbols":               (scanned,  "QQQ",         {}),
    "use_market_gravity":          (decided,  False,         {}),
    "use_futures_trend":           (decided,  True,          {}),
    "use_spread_liquidity":        (decided,  False,         {}),
    "use_vwap_alignment":          (decided,  False,         {}),
    "min_market_gravity":          (decided,  0.9,           {}),
    "max_spread_bps":              (decided,  100,           {}),
    "min_top_size_multiple":       (decided,  0,             {"max_spread_bps": 100}),
    "stale_quote_secs":            (decided,  0.5,           {}),
    "max_vwap_stretch_percent":    (decided,  10,            {}),
    "confidence_rule":             (decided,  "score",       {}),
    "min_confidence":              (decided,  0.99,          _SCORE),
    "ensemble_rule":               (combined, "weighted",    {}),
    "ensemble_threshold":          (combined, 0.7,           {"ensemble_rule": "weighted"}),
    "concurrent_trading":          (decided,  _SLOTS,        {}),
    "max_concurrent":              (decided,  1,             _SLOTS),
    "max_open_notional":           (decided,  7_000,         _SLOTS),
    "entry_type":                  (decided,  "limit",       {}),
    "entry_slippage_bps":          (decided,  50,            _LIMIT),
    "take_profit_percent":         (decided,  5,             {}),
    "stop_loss_percent":           (decided,  1,             {}),
    "trailing_stop_percent":       (decided,  1,             {}),
    "max_hold_seconds":            (decided,  60,            {}),
    "position_notional":           (decided,  2_000,         {}),
    "risk_per_trade_percent":      (decided,  0.05,          {}),
    "max_volume_share_percent":    (decided,  0.1,           {}),
    "daily_profit_target_percent": (governed, 1,             {}),
    "daily_loss_limit_percent":    (governed, 5,             {}),
    "max_trades_per_day":          (governed, 1,             {}),
    "stop_after_wins":             (governed, 1,             {}),
    "no_entry_first_seconds":      (governed, 60,            {}),
    "no_entry_after":              (governed, "15:00",       {}),
    "flatten_by":                  (governed, "15:45",       {}),
    "flatten_cancel_seconds":      (governed, 600,           {}),
    "flatten_verify_seconds":      (governed, 200,           {}),
    "symbol_cooldown_seconds":     (governed, 60,            {}),
    "stale_feed_seconds":          (trusted,  9,             {}),
    "max_lag_seconds":             (trusted,  9,             {}),
    "min_heard_share":             (trusted,  0.9,           {}),
    "letters_per_shard":           (cut,      4,             {}),
}
# fmt: on


@cache
def _before(scene: Callable[[Parameters], object], beside: tuple[tuple[str, Any], ...]) -> object:
    return scene(_set(scene, dict(beside)))


def _set(scene: Callable[[Parameters], object], values: dict[str, Any]) -> Parameters:
    eager = EAGER.model_dump(mode="json", exclude_unset=True) if scene is scanned else {}
    return parameters_from(eager | values)


def test_the_table_has_every_parameter() -> None:
    assert set(CHANGES) == set(Parameters.model_fields)


@pytest.mark.parametrize("name", CHANGES)
def test_another_value_makes_a_difference(name: str) -> None:
    scene, another, beside = CHANGES[name]
    new = another if isinstance(another, dict) else {name: another}
    before = _before(scene, tuple(beside.items()))
    assert before
    assert scene(_set(scene, beside | new)) != before
