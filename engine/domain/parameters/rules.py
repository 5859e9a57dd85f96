"""Which values of two parameters or more cannot stand beside each other."""

from __future__ import annotations

from collections.abc import Iterator

from engine.domain.parameters.fields import ParameterFields
from engine.domain.parameters.rows import LAST_SECOND, seconds_of_day


def broken_rules(params: ParameterFields) -> Iterator[str]:
    """Yield what is wrong between parameters, each with what to change."""
    yield from _broken_windows(params)
    yield from _broken_trading(params)


def _broken_windows(params: ParameterFields) -> Iterator[str]:
    """Yield what is wrong between the parameters of the scanner."""
    fast, slow, smooth = params.fast_period, params.slow_period, params.smooth_period
    history, width = params.ao_history_buckets, params.bucket_seconds
    if 60 % width:
        yield f"bucket_seconds {width} must divide 60, so that a session is whole buckets"
    if fast >= slow:
        yield f"fast_period {fast} must be below slow_period {slow} buckets: lower the fast one"
    if smooth > slow:
        yield f"smooth_period {smooth} must not exceed slow_period {slow} buckets: lower it"
    needed = max(params.ao_accel_lookback + 1, params.min_5s_flatline_ao_buckets, slow)
    if history < needed:
        yield (
            f"ao_history_buckets {history} must be at least {needed}, the largest of "
            "ao_accel_lookback + 1, min_5s_flatline_ao_buckets and slow_period: raise it"
        )
    needed = width * (slow + smooth + history) + 60
    if params.bucket_ttl < needed:
        yield (
            f"bucket_ttl {params.bucket_ttl} must be at least {needed} s, a minute more than "
            "slow_period + smooth_period + ao_history_buckets last: raise it"
        )
    if params.late_trade_grace_ms >= 1_000 * width:
        yield (
            f"late_trade_grace_ms {params.late_trade_grace_ms} must be shorter than "
            f"bucket_seconds {width}: lower it"
        )
    if params.min_price >= params.max_price:
        yield f"min_price {params.min_price:g} must be below max_price {params.max_price:g} USD"


def _broken_trading(params: ParameterFields) -> Iterator[str]:
    """Yield what is wrong between the parameters of the trades."""
    if params.take_profit_percent < params.stop_loss_percent:
        yield (
            f"take_profit_percent {params.take_profit_percent} must be at least "
            f"stop_loss_percent {params.stop_loss_percent} (reward:risk ≥ 1): "
            "raise the target or tighten the stop"
        )
    if params.max_concurrent > 1 and not params.concurrent_trading:
        yield f"max_concurrent {params.max_concurrent} needs concurrent_trading=true"
    if params.concurrent_trading and params.max_open_notional < params.position_notional:
        yield (
            f"max_open_notional {params.max_open_notional} must be at least "
            f"position_notional {params.position_notional} USD: raise the cap"
        )
    yield from _broken_day(params)


def _broken_day(params: ParameterFields) -> Iterator[str]:
    """Yield what is wrong between the times of day."""
    flatten = seconds_of_day(params.flatten_by)
    if seconds_of_day(params.no_entry_after) > flatten - params.flatten_cancel_seconds:
        yield (
            f"no_entry_after {params.no_entry_after} must not be later than flatten_by "
            f"{params.flatten_by} ET less flatten_cancel_seconds {params.flatten_cancel_seconds}: "
            "stop entering sooner"
        )
    if flatten + params.flatten_verify_seconds > LAST_SECOND:
        yield (
            f"flatten_by {params.flatten_by} ET and flatten_verify_seconds "
            f"{params.flatten_verify_seconds} reach beyond the close at 16:00: flatten sooner"
        )
