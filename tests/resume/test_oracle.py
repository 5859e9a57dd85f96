"""What the oracle calls protected, on orders as the venue lists them."""

from __future__ import annotations

from decimal import Decimal

from engine.domain.session import NANOS_PER_SECOND
from tests.resume.oracle import Trade, Wire, instant

_TIMES = ("filled_at", "canceled_at", "expired_at", "failed_at", "replaced_at")


def _at(secs: int) -> str:
    return f"2026-09-18T14:00:{secs:02d}Z"


def _order(name: str, status: str, **said: str | int) -> Wire:
    """Return an order of 100 shares; its times in seconds, as ``filled_at=3``."""
    kind = "stop" if name.endswith("stop_loss") else "limit"
    times = {each: _at(int(said[each])) if each in said else None for each in _TIMES}
    return {
        "id": name, "client_order_id": f"r.1.T-{name}", "status": status, "type": kind,
        "side": "buy" if name == "entry" else "sell", "qty": "100", "created_at": _at(0), **times,
    }  # fmt: skip


def _unprotected(orders: list[Wire], *fills: tuple[str, int, int]) -> list[tuple[float, float]]:
    """Return from which second to which nothing protected; a fill is (order, second, shares)."""
    trade = Trade("T", "DIS", orders)
    for name, secs, shares in fills:
        trade.fills.append((instant(_at(secs)), Decimal(shares), Decimal(1)))
        trade.executed[name].append((instant(_at(secs)), Decimal(abs(shares))))
    zero = instant(_at(0))
    return [
        ((start - zero) / NANOS_PER_SECOND, (end - zero) / NANOS_PER_SECOND)
        for start, end in trade.unprotected(instant(_at(50)))
    ]


def test_the_stop_behind_an_entry_that_never_fills_wholly_protects_nothing() -> None:
    orders = [
        _order("entry", "canceled", filled_at=2, canceled_at=9),
        _order("stop_loss", "canceled", canceled_at=9),
    ]
    assert _unprotected(orders, ("entry", 1, 10), ("entry", 2, 10)) == [(1, 50)]


def test_a_stop_that_was_filled_in_part_protects_until_it_ends() -> None:
    orders = [
        _order("entry", "filled", filled_at=1),
        _order("stop_loss", "replaced", filled_at=5, replaced_at=20),
    ]
    fills = ("entry", 1, 100), ("stop_loss", 5, -40)
    assert _unprotected(orders, *fills) == [(20, 50)]
