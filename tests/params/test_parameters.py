"""The parameter table: its defaults and ranges, its spellings, and what it refuses and how."""

from __future__ import annotations

import json
import math
from decimal import Decimal
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.domain.errors import ConfigError
from engine.domain.parameters import (
    Parameters,
    parameter_extra,
    parameter_name,
    parameters_from,
)

NAMES = list(Parameters.model_fields)
RANGED = [name for name in NAMES if "minimum" in parameter_extra(name)]
PERCENTS = [name for name in NAMES if name.endswith("_percent")]

TABLE = """
fast_period 5 2 60 | slow_period 34 5 240 | smooth_period 5 2 60 | ao_accel_lookback 3 1 24
ao_accel_rate 0.25 0 10 | ao_history_buckets 36 12 720 | bucket_ttl 900 300 86400
flatline_ratio 0.05 0 0.5 | min_5s_flatline_ao_buckets 6 2 120
min_cumulative_ao_volume 50000 0 1e8 | min_cumulative_notional 500000 0 1e10
vol_floor 1000 0 1e7 | vol_surge_multiplier 3 1 50 | vol_window 60 12 720
min_ac_z 4 0 20 | sigma_window 120 24 2000 | max_vwap_stretch_percent 3 0.1 25
min_market_gravity 0 -1 1 | max_spread_bps 25 1 300 | min_top_size_multiple 2 0 100
stale_quote_secs 2 0.1 60 | letters_per_shard 1 1 26 | min_price 2 0.01 1e6 | max_price 500 0.01 1e6
max_concurrent 1 1 50 | take_profit_percent 3 0.2 20 | stop_loss_percent 1.5 0.1 10
trailing_stop_percent off 0.1 20 | max_hold_seconds 1800 30 23400
position_notional 5000 100 1e7 | risk_per_trade_percent 0.5 0.01 5
"""
"""Name, default, lowest and highest value, as docs/SIGNALS lists them."""

ROWS = [row.split() for line in TABLE.split("\n") for row in line.split("|") if row.strip()]


@pytest.mark.parametrize(("name", "default", "low", "high"), ROWS)
def test_default_and_range_are_the_documented_ones(
    name: str, default: str, low: str, high: str
) -> None:
    value = getattr(Parameters(), name)
    assert value is None if default == "off" else float(value) == float(default)
    extra = parameter_extra(name)
    assert (extra["minimum"], extra["maximum"]) == (float(low), float(high))


@pytest.mark.parametrize("name", RANGED)
def test_beyond_the_range_is_refused_with_range_and_unit(name: str) -> None:
    extra = parameter_extra(name)
    low, high = extra["minimum"], extra["maximum"]
    for value in (low - 1, high + 1):
        with pytest.raises(ConfigError, match=rf"{name} is .*expected {low:,} to {high:,}"):
            parameters_from({name: value})


@pytest.mark.parametrize("name", RANGED)
def test_both_ends_of_the_range_are_allowed(name: str) -> None:
    """Other rules may still refuse them: a stop of 10 % needs a wider target."""
    for end in ("minimum", "maximum"):
        value = parameter_extra(name)[end]
        try:
            assert float(getattr(parameters_from({name: value}), name)) == value
        except ConfigError as error:
            assert "expected" not in str(error)  # noqa: PT017  (either outcome is right)


@pytest.mark.parametrize("name", RANGED)
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, "NaN", "Infinity"])
def test_what_is_no_finite_number_is_refused(name: str, value: object) -> None:
    with pytest.raises(ConfigError, match=name):
        parameters_from({name: value})


@pytest.mark.parametrize("name", PERCENTS)
@pytest.mark.parametrize(("value", "meant"), [(0.03, "3"), ("0.015", "1.5"), (0.0499, "4.99")])
def test_a_percent_typed_as_a_ratio_is_refused_with_a_hint(
    name: str, value: object, meant: str
) -> None:
    with pytest.raises(ConfigError, match=rf"{name} is .*looks like a ratio.*write {meant} for it"):
        parameters_from({name: value})


PAIRS = [
    ({"fast_period": 34}, "fast_period 34 must be below slow_period 34"),
    ({"smooth_period": 35}, "smooth_period 35 must not exceed slow_period 34"),
    ({"ao_history_buckets": 33}, "ao_history_buckets 33 must be at least 34"),
    ({"min_5s_flatline_ao_buckets": 37}, "ao_history_buckets 36 must be at least 37"),
    (
        {"ao_accel_lookback": 24, "ao_history_buckets": 24, "slow_period": 6},
        "ao_history_buckets 24 must be at least 25",
    ),
    ({"bucket_ttl": 434}, "bucket_ttl 434 must be at least 435 s"),
    ({"late_trade_grace_ms": 5_000}, "late_trade_grace_ms 5000 must be shorter"),
    ({"bucket_seconds": 7}, "bucket_seconds 7 must divide 60"),
    ({"min_price": 500}, "min_price 500 must be below max_price 500"),
    ({"take_profit_percent": 1.4}, "take_profit_percent 1.4 must be at least"),
    ({"max_concurrent": 2}, "max_concurrent 2 needs concurrent_trading=true"),
    (
        {"concurrent_trading": True, "position_notional": 30_000},
        "max_open_notional 25000 must be at least position_notional 30000",
    ),
    (
        {"no_entry_after": "15:56"},
        "no_entry_after 15:56 must not be later than flatten_by 15:55 ET less",
    ),
]


@pytest.mark.parametrize(("values", "message"), PAIRS)
def test_an_impossible_pair_is_refused(values: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError) as raised:
        parameters_from(values)
    assert message in str(raised.value)


WRONG = [
    ("take_proft_percent=3", "unknown parameter 'take_proft_percent', the nearest is"),
    ("takeProfit=3", "'take_profit_percent'"),
    ("direction=up", "direction is 'up': input should be 'long', 'short' or 'both'"),
    ("fast_period=5.5", "fast_period is '5.5'"),
    ("index_symbols=SPY,QQQ,spy", "expected tickers with commas between them, each once"),
    ("index_symbols=SPY,,QQQ", "expected tickers with commas between them, each once"),
    ("index_symbols=SPY,Q Q", "each once and in capitals, such as SPY,QQQ, found 'Q Q'"),
    ("index_symbols=", "expected tickers with commas between them, each once"),
    ("flatten_by=16:01", "flatten_by is '16:01': expected a New York time from 09:30 to 16:00"),
    ("flatten_by=930", "flatten_by is '930': expected a New York time HH:MM"),
    ("stop_loss_percent=off", "stop_loss_percent is 'off'"),
    ("fast_period", "expected key=value, found 'fast_period'"),
]


@pytest.mark.parametrize(("setting", "message"), WRONG)
def test_a_wrong_setting_is_refused_with_what_to_write(setting: str, message: str) -> None:
    with pytest.raises(ConfigError) as raised:
        parameters_from({}, [setting])
    assert message in str(raised.value)


def test_every_broken_rule_is_named_at_once() -> None:
    with pytest.raises(ConfigError) as raised:
        parameters_from({"fast_period": 40, "take_profit_percent": 1})
    assert len(str(raised.value).splitlines()) == 2


@pytest.mark.parametrize("name", NAMES)
def test_a_name_may_be_spelled_as_users_do(name: str) -> None:
    first, *rest = name.split("_")
    assert parameter_name(first + "".join(map(str.capitalize, rest))) == name
    assert parameter_name(name.replace("_", "-")) == name
    assert parameter_name(name.upper()) == name


def test_its_group_may_stand_before_a_name_but_no_other() -> None:
    named = parameters_from({"risk.position_notional": 6_000}, ["Scan.min-ac-z=5"])
    assert (named.position_notional, named.min_ac_z) == (6_000, 5)
    with pytest.raises(ConfigError, match=r"another group: write risk\.position_notional"):
        parameters_from({"day.position_notional": 6_000})


def test_one_parameter_in_two_spellings_is_refused() -> None:
    with pytest.raises(ConfigError, match="ao_history_buckets is given twice"):
        parameters_from({"ao_history_buckets": 40, "aoHistoryBuckets": 41})


def test_a_setting_wins_over_the_file_and_the_last_over_the_first() -> None:
    found = parameters_from({"minAcZ": 3}, ["min_ac_z=5", "min-ac-z=6"])
    assert found.min_ac_z == 6


@pytest.mark.parametrize("word", ["off", "None", "null", "~", "", " OFF "])
def test_what_may_be_off_is_none(word: str) -> None:
    found = parameters_from({"max_hold_seconds": word, "trailing_stop_percent": word})
    assert (found.max_hold_seconds, found.trailing_stop_percent) == (None, None)


@pytest.mark.parametrize("value", [5_000, 5_000.0, "5000", "5e3", "5_000", "5000.00"], ids=repr)
def test_one_value_has_one_hash_however_it_is_written(value: object) -> None:
    assert parameters_from({"position_notional": value}).params_hash() == Parameters().params_hash()


def another(name: str) -> object:
    """Return a value of the right type that is not the default."""
    value, annotation = getattr(Parameters(), name), Parameters.model_fields[name].annotation
    match value:
        case bool():
            return not value
        case int() | float() | Decimal():
            return value + 1
        case None:
            return 1
        case tuple():
            return ("SPY",)
        case _:
            return next(each for each in (*get_args(annotation), "12:00") if each != value)


@pytest.mark.parametrize("name", NAMES)
def test_the_scan_hash_moves_with_what_shapes_candidates_only(name: str) -> None:
    before = Parameters()
    after = before.model_copy(update={name: another(name)})
    assert after.params_hash() != before.params_hash()
    assert (after.scan_hash() != before.scan_hash()) is parameter_extra(name)["scan"]


settings: dict[str, st.SearchStrategy[Any]] = {
    "take_profit_percent": st.decimals(10, 20, places=4),
    "stop_loss_percent": st.decimals("0.1", 3, places=4),
    "trailing_stop_percent": st.none() | st.decimals("0.1", 20, places=3),
    "position_notional": st.decimals(100, 25_000, places=2),
    "max_spread_bps": st.floats(1, 300),
    "min_market_gravity": st.floats(-1, 1),
    "vol_window": st.integers(12, 720),
    "use_market_gravity": st.booleans(),
}


@given(values=st.fixed_dictionaries({}, optional=settings))
def test_parameters_survive_json_and_text(values: dict[str, object]) -> None:
    params = parameters_from(values)
    stored = json.loads(params.model_dump_json())
    texts = [f"{name}={'off' if value is None else value}" for name, value in values.items()]
    for again in (parameters_from(stored), parameters_from({}, texts)):
        assert again == params
        assert again.params_hash() == params.params_hash()


def test_the_json_schema_carries_range_unit_and_default() -> None:
    schema = Parameters.model_json_schema(mode="serialization")
    assert schema["additionalProperties"] is False
    described = schema["properties"]["take_profit_percent"]
    assert described["type"] == "number"
    assert (described["minimum"], described["maximum"], described["default"]) == (0.2, 20, 3)
    assert (described["unit"], described["hot"]) == ("%", "yes")
    assert all(each["description"] for each in schema["properties"].values())


def test_derived_times_and_windows() -> None:
    params = Parameters()
    assert (params.bucket_ns, params.grace_ns) == (5_000_000_000, 250_000_000)
    assert params.window_buckets == 36
