"""The parameters: of each its default, unit, range, meaning, and when a change takes effect."""

from __future__ import annotations

from functools import partial
from typing import Literal

from pydantic import BaseModel, ConfigDict

from engine.domain.parameters.rows import (
    Clock,
    Exact,
    ParameterGroup,
    Percent,
    Tickers,
    row,
)

_live = partial(row, ParameterGroup.LIVE)
_scan = partial(row, ParameterGroup.SCAN)
_decision = partial(row, ParameterGroup.DECISION)
_bracket = partial(row, ParameterGroup.BRACKET)
_risk = partial(row, ParameterGroup.RISK)
_day = partial(row, ParameterGroup.DAY)
_cluster = partial(row, ParameterGroup.CLUSTER)


class ParameterFields(BaseModel):
    """A value for each parameter, one by one; a value that is off is None."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, validate_default=True
    )

    alpaca_trading_mode: Literal["sim", "shadow", "paper", "live"] = _live(
        "sim", "", "Where orders of `tradectl live` go; set to live with --step-up.", hot="no"
    )
    direction: Literal["long", "short", "both"] = _scan(
        "long", "", "Sides on which candidates are raised.", scan=True
    )

    bucket_seconds: int = _scan(
        5, "s", "Width of a bucket; divides a minute.", low=1, high=60, hot="restart", scan=True
    )
    late_trade_grace_ms: int = _scan(
        250, "ms", "How long a bucket waits for its last trades.", low=0, high=5_000, scan=True
    )
    warm_premarket: bool = _scan(
        False, "", "Let pre-market buckets warm the windows.", hot="restart", scan=True
    )
    max_carried_ratio: float = _scan(
        0.5, "ratio", "Largest share of empty buckets in the slow window.", low=0, high=1, scan=True
    )
    bucket_ttl: int = _cluster(
        900, "s", "How long stored buckets outlive their last write.", low=300, high=86_400
    )

    fast_period: int = _scan(
        5, "buckets", "Fast mean of ao.", low=2, high=60, hot="reseed", scan=True
    )
    slow_period: int = _scan(
        34, "buckets", "Slow mean of ao.", low=5, high=240, hot="reseed", scan=True
    )
    smooth_period: int = _scan(
        5,
        "buckets",
        "Mean of ao that ac is measured from.",
        low=2,
        high=60,
        hot="reseed",
        scan=True,
    )
    ao_accel_lookback: int = _scan(
        3, "buckets", "Buckets on each of which ac must rise.", low=1, high=24, scan=True
    )
    ao_accel_rate: float = _scan(
        0.25, "ratio", "Relative growth of ao over the look-back.", low=0, high=10, scan=True
    )
    ao_history_buckets: int = _scan(
        36, "buckets", "History of ao the flat-line gate looks at.", low=12, high=720, scan=True
    )
    flatline_ratio: float = _scan(
        0.05,
        "ratio",
        "Step of ao, over its largest, that counts as flat.",
        low=0,
        high=0.5,
        scan=True,
    )
    min_5s_flatline_ao_buckets: int = _scan(
        6, "buckets", "Flat steps in a row that end a candidate.", low=2, high=120, scan=True
    )
    min_ac_z: float = _scan(
        4.0, "sd", "Smallest acceleration, in deviations of noise.", low=0, high=20, scan=True
    )
    sigma_window: int = _scan(
        120, "buckets", "Window of the return deviation.", low=24, high=2_000, scan=True
    )

    vol_floor: int = _scan(
        1_000, "shares", "Smallest volume of the bucket.", low=0, high=10_000_000, scan=True
    )
    vol_surge_multiplier: float = _scan(
        3.0, "×", "Volume of the bucket over the mean before it.", low=1, high=50, scan=True
    )
    vol_window: int = _scan(
        60, "buckets", "Buckets of the mean volume.", low=12, high=720, scan=True
    )
    min_cumulative_ao_volume: int = _scan(
        50_000,
        "shares",
        "Smallest volume since ao took its sign.",
        low=0,
        high=100_000_000,
        scan=True,
    )
    min_cumulative_notional: float = _scan(
        500_000,
        "USD",
        "Smallest notional since ao took its sign.",
        low=0,
        high=10_000_000_000,
        scan=True,
    )
    min_price: float = _scan(2, "USD", "Lowest last price.", low=0.01, high=1_000_000, scan=True)
    max_price: float = _scan(500, "USD", "Highest last price.", low=0.01, high=1_000_000, scan=True)
    candidate_publish_secs: int = _scan(
        5, "s", "How often a live candidate is updated.", low=1, high=300, scan=True
    )
    candidate_window_secs: int = _scan(
        180, "s", "Stretch of buckets a candidate carries.", low=10, high=3_600, scan=True
    )
    index_symbols: Tickers = _scan(
        ("SPY", "QQQ", "IWM"), "", "Index ETFs of market gravity.", hot="restart", scan=True
    )

    use_market_gravity: bool = _decision(True, "", "Consult market gravity.")
    use_futures_trend: bool = _decision(False, "", "Consult the trend of the index futures.")
    use_spread_liquidity: bool = _decision(True, "", "Consult spread and size at the touch.")
    use_vwap_alignment: bool = _decision(True, "", "Consult the session VWAP.")
    min_market_gravity: float = _decision(
        0.0, "", "Smallest gravity in the trade's direction.", low=-1, high=1
    )
    max_spread_bps: float = _decision(25, "bps", "Widest spread.", low=1, high=300)
    min_top_size_multiple: float = _decision(
        2, "×", "Smallest size on the side we take, over our order.", low=0, high=100
    )
    stale_quote_secs: float = _decision(
        2, "s", "Age at which a quote is unknown.", low=0.1, high=60
    )
    max_vwap_stretch_percent: Percent = _decision(
        3.0, "%", "Largest distance from the session VWAP.", low=0.1, high=25
    )
    confidence_rule: Literal["all", "score"] = _decision(
        "all", "", "Pass when every consulted filter passes, or by weighted share."
    )
    min_confidence: float = _decision(
        0.6, "ratio", "Smallest weighted share under the rule score.", low=0, high=1
    )

    ensemble_rule: Literal["any", "weighted"] = _decision(
        "any", "", "Each strategy's signal competes by itself, or all of a symbol are added up."
    )
    ensemble_threshold: float = _decision(
        0.3, "ratio", "Smallest sum of signals under the rule weighted.", low=0.01, high=1
    )

    concurrent_trading: bool = _risk(False, "", "Allow more than one open trade.")
    max_concurrent: int = _risk(1, "trades", "Slots when trading concurrently.", low=1, high=50)
    max_open_notional: Exact = _risk(
        25_000,
        "USD",
        "Cap on all open trades together, when concurrent.",
        low=100,
        high=1_000_000_000,
        hot="step_up_raised",
    )
    entry_type: Literal["market", "limit"] = _bracket(
        "market", "", "Enter at market, or by a limit that is marketable."
    )
    entry_slippage_bps: Exact = _bracket(
        10, "bps", "How far a limit entry reaches through the touch.", low=0, high=500
    )
    take_profit_percent: Percent = _bracket(3.0, "%", "Target from the entry.", low=0.2, high=20)
    stop_loss_percent: Percent = _bracket(1.5, "%", "Stop from the entry.", low=0.1, high=10)
    trailing_stop_percent: Percent | None = _bracket(
        None, "%", "Trail from the best price, or off.", low=0.1, high=20
    )
    max_hold_seconds: int | None = _bracket(
        1_800, "s", "Longest time in a trade, or off.", low=30, high=23_400
    )
    position_notional: Exact = _risk(
        5_000, "USD", "Largest notional of a trade.", low=100, high=10_000_000, hot="step_up_raised"
    )
    risk_per_trade_percent: Percent = _risk(
        0.5,
        "%",
        "Equity lost when the stop fills at its price.",
        low=0.01,
        high=5,
        hot="step_up_raised",
    )
    max_volume_share_percent: Percent | None = _risk(
        1.0, "%", "Our order over the session's volume so far, or off.", low=0.05, high=100
    )

    daily_profit_target_percent: Percent | None = _day(
        3.0,
        "%",
        "Gain on the day's first equity that ends it, or off.",
        low=0.1,
        high=100,
        hot="step_up_loosened",
    )
    daily_loss_limit_percent: Percent = _day(
        1.0,
        "%",
        "Loss on the day's first equity that ends it.",
        low=0.1,
        high=100,
        hot="step_up_loosened",
    )
    max_trades_per_day: int = _day(
        5, "trades", "Entries a day.", low=1, high=10_000, hot="step_up_loosened"
    )
    stop_after_wins: int | None = _day(
        None,
        "trades",
        "Trades closed at their target that end the day, or off.",
        low=1,
        high=100,
        hot="step_up_loosened",
    )
    no_entry_first_seconds: int = _day(
        300, "s", "No entry this long after the open.", low=0, high=23_400
    )
    no_entry_after: Clock = _day("15:30", "ET", "No entry from this time on.")
    flatten_by: Clock = _day("15:55", "ET", "Open trades are closed from this time on.")
    flatten_cancel_seconds: int = _day(
        60,
        "s",
        "Entries still working are cancelled this long before flatten_by.",
        low=0,
        high=3_600,
    )
    flatten_verify_seconds: int = _day(
        120,
        "s",
        "An alarm is raised unless all is flat this long after flatten_by.",
        low=5,
        high=3_600,
    )
    symbol_cooldown_seconds: int = _day(
        900, "s", "No entry in a symbol this long after its trade.", low=0, high=86_400
    )
    stale_feed_seconds: int = _live(
        5, "s", "No entry, and another connection, after so long without data.", low=1, high=300
    )
    max_lag_seconds: float = _live(
        2, "s", "No entry while prints arrive later than this.", low=0.1, high=60
    )
    min_heard_share: float = _live(
        0.5, "ratio", "No entry while less of the expected symbols is heard.", low=0, high=1
    )

    letters_per_shard: int = _cluster(
        1,
        "letters",
        "Letters of a slot, the part of the tape that one scanner of a cluster works.",
        low=1,
        high=26,
        hot="rebalance",
    )
