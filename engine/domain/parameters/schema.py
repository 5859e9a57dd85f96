"""The one typed schema of parameters, behind CLI, YAML, web form and docs alike."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from functools import partial
from typing import Any, Literal, Self, cast

from pydantic import (
    BaseModel,
    ConfigDict,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import ErrorDetails

from engine.domain.errors import ConfigError
from engine.domain.parameters.rows import (
    Clock,
    Exact,
    ParameterGroup,
    Percent,
    Tickers,
    is_within,
    read_off,
    row,
)
from engine.domain.parameters.rules import broken_rules
from engine.domain.session import NANOS_PER_SECOND

_live = partial(row, ParameterGroup.LIVE)
_scan = partial(row, ParameterGroup.SCAN)
_decision = partial(row, ParameterGroup.DECISION)
_bracket = partial(row, ParameterGroup.BRACKET)
_risk = partial(row, ParameterGroup.RISK)
_day = partial(row, ParameterGroup.DAY)
_cluster = partial(row, ParameterGroup.CLUSTER)


class Parameters(BaseModel):
    """All parameters of a run; a value that is off is None."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, validate_default=True
    )

    alpaca_trading_mode: Literal["sim", "shadow", "paper", "live"] = _live(
        "sim", "", "Where orders of `tradectl live` go; live needs a step-up.", hot="no"
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
        "First letters one shard takes; nothing is cut into shards yet.",
        low=1,
        high=26,
        hot="rebalance",
    )

    @property
    def bucket_ns(self) -> int:
        """Return the width of a bucket in nanoseconds."""
        return self.bucket_seconds * NANOS_PER_SECOND

    @property
    def grace_ns(self) -> int:
        """Return how long a bucket stays open after its end, in nanoseconds."""
        return self.late_trade_grace_ms * 1_000_000

    @property
    def window_buckets(self) -> int:
        """Return how many buckets a candidate carries, at least one."""
        return max(1, self.candidate_window_secs // self.bucket_seconds)

    def params_hash(self) -> str:
        """Return 16 hex digits that stand for every value."""
        return _digest(self.model_dump(mode="json"))

    def scan_hash(self) -> str:
        """Return 16 hex digits that stand for the values that shape candidates."""
        return _digest(self.model_dump(mode="json", include=_SHAPES_CANDIDATES))

    @model_validator(mode="before")
    @classmethod
    def _canonical_names(cls, values: Mapping[str, object]) -> Mapping[str, object]:
        return canonical_names(values)

    @field_validator(
        "trailing_stop_percent",
        "max_hold_seconds",
        "max_volume_share_percent",
        "daily_profit_target_percent",
        "stop_after_wins",
        mode="before",
    )
    @classmethod
    def _may_be_off(cls, value: object) -> object:
        return read_off(value)

    @field_validator("*")
    @classmethod
    def _in_range(cls, value: object, info: ValidationInfo) -> object:
        extra = parameter_extra(str(info.field_name))
        if value is None or "minimum" not in extra:
            return value
        low, high = extra["minimum"], extra["maximum"]
        if not is_within(value, low, high):
            raise ValueError(f"expected {low:,} to {high:,} {extra['unit']}".rstrip())
        return value

    @model_validator(mode="after")
    def _go_together(self) -> Self:
        if broken := "\n".join(broken_rules(self)):
            raise ValueError(broken)
        return self


def parameter_extra(name: str) -> dict[str, Any]:
    """Return a row's ``group, unit, hot, scan`` and, if it has a range, ``minimum, maximum``."""
    return cast("dict[str, Any]", Parameters.model_fields[name].json_schema_extra)


def parameter_group(name: str) -> ParameterGroup:
    """Return the group a parameter belongs to."""
    return ParameterGroup(parameter_extra(name)["group"])


def parameter_name(key: str) -> str:
    """Return a parameter's name from any spelling: ``aoHistoryBuckets``, ``scan.min-ac-z``.

    Its group may stand before it; it need not while no other group has one of that name.

    Raises
    ------
    ValueError
        No parameter is called that, or it is of another group; the message says which is.
    """
    group, dot, plain = key.rpartition(".")
    squashed = _squash(plain)
    if squashed in _NAMES:
        name = _NAMES[squashed]
        if dot and group.strip().lower() != parameter_group(name):
            raise ValueError(
                f"{key!r} names another group: write {parameter_group(name)}.{name}, or {name}"
            )
        return name
    nearest = get_close_matches(squashed, _NAMES, n=1, cutoff=0.0)[0]
    raise ValueError(
        f"unknown parameter {key!r}, the nearest is {_NAMES[nearest]!r}; "
        "'tradectl params show' lists them all"
    )


def canonical_names(values: Mapping[str, object]) -> dict[str, object]:
    """Return values by name that come by any spelling of it.

    Raises
    ------
    ValueError
        No parameter is called that, or one is given twice.
    """
    named: dict[str, object] = {}
    for key, value in values.items():
        name = parameter_name(key)
        if name in named:
            raise ValueError(f"{name} is given twice, the second time as {key!r}: keep one")
        named[name] = value
    return named


def parameters_from(values: Mapping[str, object], settings: Sequence[str] = ()) -> Parameters:
    """Return the parameters that a file's values and the settings above them describe.

    Parameters
    ----------
    values : mapping
        Values by name in any spelling, as numbers or as text.
    settings : sequence of str
        ``key=value`` each; a later one wins over an earlier one and over ``values``.

    Raises
    ------
    ConfigError
        A key is unknown or given twice, a value out of range, or a pair impossible.
    """
    try:
        named = dict(_setting(text) for text in settings)
        kept = {key: value for key, value in values.items() if parameter_name(key) not in named}
        return Parameters.model_validate(kept | named)
    except ValidationError as error:
        raise ConfigError("\n".join(map(_explain, error.errors()))) from error
    except ValueError as error:
        raise ConfigError(str(error)) from error


def _setting(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals:
        raise ValueError(f"expected key=value, found {text!r}: write {text}=VALUE")
    return parameter_name(key.strip()), value.strip()


def _explain(error: ErrorDetails) -> str:
    """Return which parameter has which value, and what was expected of it."""
    reason = str(error.get("ctx", {}).get("error", error["msg"]))
    if not error["loc"]:
        return reason
    return f"{error['loc'][0]} is {error['input']!r}: {reason[0].lower()}{reason[1:]}"


def _squash(key: str) -> str:
    return key.lower().replace("_", "").replace("-", "")


def _digest(values: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:16]


_NAMES = {_squash(name): name for name in Parameters.model_fields}
_SHAPES_CANDIDATES = {name for name in Parameters.model_fields if parameter_extra(name)["scan"]}
