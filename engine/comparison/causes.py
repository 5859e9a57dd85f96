"""A difference between two runs → its one cause, from what both runs wrote down.

A difference in what came in is its own cause. One in what followed from it is a consequence only
where the books of the two runs show how: the trades that were open, the day's count, what they had
earned. What neither shows stays unexplained.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from engine.comparison.difference import Cause, Difference, Kind
from engine.comparison.findings import Finding
from engine.comparison.inputs import QUOTED, SCANNED, Inputs
from engine.comparison.story import Story
from engine.decision.refusal import RefusalReason
from engine.domain.commands import (
    CancelEntries,
    CloseTrade,
    FlattenAll,
    FlattenSymbol,
    LockSymbol,
    Pause,
    Resume,
    SetWeights,
    StopEntries,
    SwitchStrategy,
    UnlockSymbol,
)
from engine.domain.facts import ExitReason, OrderRole
from engine.domain.session import day_of

_STOPPERS = (Pause, Resume, StopEntries, FlattenAll)
_LOCKERS = (LockSymbol, UnlockSymbol)
_CLOSERS = (CloseTrade, FlattenSymbol, FlattenAll)
_DIRECTORS = (SwitchStrategy, SetWeights)
_CANCELLERS = (CancelEntries, FlattenSymbol, FlattenAll)

_SLOTS = {RefusalReason.NO_FREE_SLOT, RefusalReason.OUTRANKED}
_OF_SYMBOL = {RefusalReason.SYMBOL_IN_TRADE, RefusalReason.COOLDOWN}
_MONEY = {
    RefusalReason.DONE_TARGET,
    RefusalReason.DONE_LOSS,
    RefusalReason.NO_ROOM,
    RefusalReason.NOTIONAL_CAP,
    RefusalReason.TOO_SMALL,
}
_LOOKED_AT = {RefusalReason.NOT_CONFIDENT}
_OF_STRATEGIES = {"strategy_id", "ensemble_rule", "contributions"}
_SIZE = {"quantity", "notional", "top_size threshold", "top_size outcome", "confidence", "detail"}


class Explained(NamedTuple):
    """A cause, its evidence, and the difference it follows from if it is a consequence."""

    cause: Cause
    because: str
    earlier: int | None = None


def explain(found: Finding, inputs: Inputs, before: Collection[Difference]) -> Explained:
    """Return why something differs.

    Parameters
    ----------
    before : collection of Difference
        What is explained already, in order of time.
    """
    rule = {
        Kind.DECISION: _decision,
        Kind.PLAN: _plan,
        Kind.EXIT: _exit,
        Kind.ORDER: _order,
        Kind.FILL: _fill,
        Kind.TRADE: _trade,
    }[found.kind]
    by_hand = _by_hand(found, inputs)
    answer = by_hand or next(rule(found, inputs, before), None)
    if answer is not None:
        return answer
    stopped = inputs.stopped(found.ts)
    return Explained(Cause.UNEXPLAINED, stopped or "nothing that was written down tells why")


def _by_hand(found: Finding, inputs: Inputs) -> Explained | None:
    """Explain how a trade ended that somebody closed at the broker in one run alone."""
    entered = found.kind in {Kind.DECISION, Kind.PLAN} or found.role is OrderRole.ENTRY
    if entered or found.trade_id is None:
        return None
    runs = inputs.closed_by_hand(found.trade_id)
    if len(runs) != 1:
        return None
    return Explained(Cause.HUMAN, f"somebody closed it by hand at the broker of {runs[0]}")


def _decision(
    found: Finding, inputs: Inputs, before: Collection[Difference]
) -> Iterator[Explained]:
    ts, names, owner = found.key[0], found.names, found.key[3]
    yield from _data(inputs.silent(ts))
    if found.only_in is not None and not inputs.stopped(found.ts):
        if inputs.is_off(ts, owner):
            yield from _strategies(inputs, ts, owner)
        missing = _other(inputs, found.only_in)
        if missing.knows(found.key):
            yield _given(inputs, before, ts, SCANNED, f"{missing.run_id} has no such candidate")
    judged = (story.judgements.get(found.key) for story in (inputs.first, inputs.second))
    reasons = {each.reason for each in judged if each is not None and each.reason}
    if "score" in names and found.only_in is None:
        yield _given(inputs, before, ts, SCANNED, "the score is not the same")
    for each in found.values:
        if each.name.endswith(" basis"):
            what = f"{each.name.removesuffix(' basis')} was {each.first} against {each.second}"
            yield Explained(Cause.DATA, f"{what}: only one of the runs had quotes")
    looked = [name for name in sorted(names) if name.endswith(" value")]
    if looked:
        seen = f"{looked[0].removesuffix(' value')} is not the same"
        yield _given(inputs, before, ts, SCANNED | QUOTED, seen)
    if any(name.endswith(" threshold") for name in names - _SIZE):
        yield from _parameters(inputs, ts)
    yield from _state(found, reasons, inputs, before)
    if names <= _SIZE and (names != {"detail"} or reasons <= _MONEY | _LOOKED_AT):
        yield from _size(found, inputs, before)
    yield from _changed(inputs, before, ts)
    if RefusalReason.SYMBOL_HALTED in reasons:
        yield Explained(Cause.DATA, f"{found.symbol} was halted in one run alone")
    if RefusalReason.TOO_LATE in reasons:
        yield Explained(Cause.LATENCY, "a host was held up and saw the bucket too late")


def _state(
    found: Finding, reasons: set[str], inputs: Inputs, before: Collection[Difference]
) -> Iterator[Explained]:
    """Explain an answer by what only one of the runs had going; without a reason any may be."""
    ts, symbol = found.ts, found.symbol
    unknown = found.only_in is not None

    def may_be(*which: RefusalReason) -> bool:
        return unknown or not reasons.isdisjoint(which)

    if may_be(RefusalReason.GOVERNOR_HALTED):
        yield from _human(inputs.command(ts, _STOPPERS))
        yield from _data(inputs.trouble(ts))
    if may_be(RefusalReason.SYMBOL_LOCKED):
        yield from _human(inputs.command(ts, _LOCKERS, symbol=symbol))
        yield from _data(inputs.lock(ts, symbol))
    if may_be(*_OF_SYMBOL):
        earlier = _latest(each for each in before if each.symbol == symbol and _moves(each))
        yield from _follows(earlier, f"an earlier trade in {symbol} was not the same")
    if may_be(*_SLOTS):
        apart = inputs.first.open_at(ts) ^ inputs.second.open_at(ts)
        earlier = _latest(each for each in before if each.trade_id in apart)
        yield from _follows(earlier, f"other trades were open: {_names(apart)}")
        beside = _latest(each for each in before if each.kind is Kind.DECISION and each.ts == ts)
        yield from _follows(beside, "another candidate of the same bucket differs")
    if may_be(RefusalReason.MAX_TRADES):
        apart = inputs.first.counted_at(ts) ^ inputs.second.counted_at(ts)
        earlier = _latest(each for each in before if each.trade_id in apart)
        yield from _follows(earlier, f"other trades were counted: {_names(apart)}")
    if may_be(*_MONEY):
        yield from _money(ts, inputs, before)


def _size(found: Finding, inputs: Inputs, before: Collection[Difference]) -> Iterator[Explained]:
    """Explain another number of shares."""
    yield from _money(found.ts, inputs, before)
    day = day_of(found.key[0]).isoformat()
    if (other := inputs.balance(day)) is not None:
        yield Explained(Cause.PARAMETER, other)


def _money(ts: int, inputs: Inputs, before: Collection[Difference]) -> Iterator[Explained]:
    """Explain by what trades had earned, or had bound, before an instant."""
    one, two = inputs.first.realized_at(ts), inputs.second.realized_at(ts)
    apart = {name for name in one.keys() | two.keys() if one.get(name) != two.get(name)}
    earlier = _latest(each for each in before if each.trade_id in apart)
    yield from _follows(earlier, f"equity differs by what {_names(apart)} earned")
    bound = inputs.first.open_at(ts) ^ inputs.second.open_at(ts)
    earlier = _latest(each for each in before if each.trade_id in bound)
    yield from _follows(earlier, f"other trades were open: {_names(bound)}")
    shared = inputs.first.open_at(ts) & inputs.second.open_at(ts)
    earlier = _latest(each for each in before if each.trade_id in shared and each.ts < ts)
    yield from _follows(earlier, f"an open trade was not the same: {_names(shared)}")


def _plan(found: Finding, inputs: Inputs, before: Collection[Difference]) -> Iterator[Explained]:
    ts, names = found.key[0], found.names
    decided = [each for each in before if each.kind is Kind.DECISION]
    same = _latest(
        each
        for each in decided
        if each.trade_id == found.trade_id
        or (each.ts, each.symbol) == (inputs.first.known_at(ts), found.symbol)
    )
    if found.only_in is not None:
        return
    yield from _follows(same, "the decision it was made of differs")
    if "reference_price" in names:
        yield _given(inputs, before, ts, QUOTED, "the price decided on is not the same")
    if names & _OF_STRATEGIES:
        yield from _strategies(inputs, ts)
    if names <= _SIZE:
        yield from _size(found, inputs, before)
        if not _told_before(before):
            yield from _data(inputs.late(ts))
    yield from _strategies(inputs, ts, found.key[3])
    yield from _parameters(inputs, ts)
    if names <= _SIZE:
        yield Explained(Cause.DATA, "the volume that limits the shares is not the same")


def _exit(found: Finding, inputs: Inputs, before: Collection[Difference]) -> Iterator[Explained]:
    trade_id = found.trade_id or ""
    asked = [story.exits.get(trade_id) for story in (inputs.first, inputs.second)]
    if ExitReason.OPERATOR in {each[1].reason for each in asked if each}:
        about = {"symbol": found.symbol, "trade_id": trade_id}
        yield from _human(inputs.command(found.ts, _CLOSERS, **about))
    if ExitReason.DAY_LIMIT in {each[1].reason for each in asked if each}:
        yield from _money(found.ts, inputs, before)
    yield from _follows(_of_trade(found, before), "the trade went another way before")
    yield from _parameters(inputs, found.ts)


def _order(found: Finding, inputs: Inputs, before: Collection[Difference]) -> Iterator[Explained]:
    yield from _follows(_of_trade(found, before), "the trade went another way before")
    if found.role is OrderRole.ENTRY and "ended" in found.names:
        yield from _human(inputs.command(_late(found, inputs), _CANCELLERS, symbol=found.symbol))
    rejected = [each for each in found.values if each.name == "ended"]
    if rejected and len(found.values) == 1:
        one, two = rejected[0].first or "not ended", rejected[0].second or "not ended"
        yield Explained(Cause.FILL, f"the venue's answer differs: {one} against {two}")
    yield from _parameters(inputs, found.ts)
    if found.names == {"moves"}:
        yield Explained(Cause.DATA, "the prints that its price follows are not the same")


def _fill(found: Finding, inputs: Inputs, before: Collection[Difference]) -> Iterator[Explained]:
    """Tell the venue's doing, of the same order sent at the same time, from what came of it."""
    trade_id, role = found.trade_id or "", found.role or OrderRole.ENTRY
    orders = [story.order(trade_id, role) for story in (inputs.first, inputs.second)]
    own = _latest(
        each
        for each in before
        if each.trade_id == trade_id
        and (each.kind is Kind.PLAN or (each.kind is Kind.ORDER and each.role == role))
    )
    if own is not None:
        yield from _follows(own, f"the {own.kind} differs")
    if role is OrderRole.ENTRY:
        yield from _human(inputs.command(_late(found, inputs), _CANCELLERS, symbol=found.symbol))
    else:
        yield from _led_to(found, orders, inputs, before)
    fills = [
        story.started.fills if story.started else "" for story in (inputs.first, inputs.second)
    ]
    models = f"; fills are {fills[0]} against {fills[1]}" if fills[0] != fills[1] else ""
    if not models:
        yield from _data(inputs.data(day_of(found.key[0]).isoformat()))
    if found.names == {"time"}:
        yield Explained(Cause.LATENCY, f"the same shares at the same price{models}")
        return
    what = "filled there alone" if found.only_in else f"other {', '.join(sorted(found.names))}"
    yield Explained(Cause.FILL, f"the same order, {what}{models}")


def _led_to(
    found: Finding, orders: Sequence[object], inputs: Inputs, before: Collection[Difference]
) -> Iterator[Explained]:
    """Explain the end of a trade by how the trade had gone until then."""
    earlier = _of_trade(found, before)
    if earlier is None:
        return
    sent = {getattr(order, "ts", None) for order in orders}
    entered = earlier.kind is Kind.FILL and earlier.role == OrderRole.ENTRY
    if found.role is OrderRole.EXIT and len(sent) > 1:
        yield from _follows(earlier, "the trade went another way before, and was left otherwise")
    if found.only_in is not None:
        over = _other(inputs, found.only_in).over.get(found.trade_id or "")
        if over is not None and over <= found.ts:
            yield from _follows(earlier, "the other run was out of the trade by then")
    elif entered and "quantity" in {each.name for each in earlier.values}:
        yield from _follows(earlier, "other shares were entered")


def _trade(found: Finding, inputs: Inputs, before: Collection[Difference]) -> Iterator[Explained]:
    del inputs
    yield from _follows(_of_trade(found, before), "the sum of what its orders came to")


def _given(
    inputs: Inputs, before: Collection[Difference], ts: int, among: Collection[str], seen: str
) -> Explained:
    """Return whether another input is owed to parameters or to the data.

    Where both may be, it is the data that came late, unless parameters made a difference before.
    """
    changed, late = inputs.parameters(ts, among), inputs.late(ts)
    if changed is None:
        return Explained(Cause.DATA, seen if late is None else f"{seen}: {late}")
    if late is None or _told_before(before):
        return Explained(Cause.PARAMETER, f"{seen}: {changed}")
    return Explained(Cause.DATA, f"{seen}: {late}; parameters differ, too: {changed}")


def _changed(inputs: Inputs, before: Collection[Difference], ts: int) -> Iterator[Explained]:
    """Explain by anything that was changed, or came late, where nothing shows which it was."""
    late = [*_data(inputs.late(ts))]
    yield from [] if _told_before(before) else late
    yield from _strategies(inputs, ts)
    yield from _parameters(inputs, ts)
    yield from late


def _told_before(before: Collection[Difference]) -> bool:
    """Say whether parameters have made a difference before."""
    return any(each.cause is Cause.PARAMETER for each in before)


def _parameters(inputs: Inputs, ts: int) -> Iterator[Explained]:
    changed = inputs.parameters(ts) or inputs.versions(ts)
    if changed is not None:
        yield Explained(Cause.PARAMETER, changed)


def _strategies(inputs: Inputs, ts: int, owner: str | None = None) -> Iterator[Explained]:
    """Explain by other strategies, weights or parameters of theirs; of ``owner`` alone if named.

    They are somebody's doing where only one run was told to switch or weigh them otherwise.
    """
    changed = inputs.strategies(ts, owner)
    if changed is None:
        return
    about = {} if owner is None else {"strategy_id": owner}
    given = inputs.command(ts, _DIRECTORS, **about)
    yield from _human(given)
    yield Explained(Cause.PARAMETER, f"other strategies: {changed}")


def _human(given: str | None) -> Iterator[Explained]:
    if given is not None:
        yield Explained(Cause.HUMAN, given)


def _data(told: str | None) -> Iterator[Explained]:
    if told is not None:
        yield Explained(Cause.DATA, told)


def _follows(earlier: Difference | None, because: str) -> Iterator[Explained]:
    if earlier is not None:
        yield Explained(Cause.CONSEQUENCE, because, earlier.number)


def _of_trade(found: Finding, before: Collection[Difference]) -> Difference | None:
    return _latest(each for each in before if each.trade_id == found.trade_id)


def _moves(difference: Difference) -> bool:
    """Say whether a difference changes what is held; another refusal does not."""
    return difference.trade_id is not None


def _latest(differences: Iterator[Difference]) -> Difference | None:
    return max(differences, key=lambda each: each.number, default=None)


def _late(found: Finding, inputs: Inputs) -> int:
    """Return when both runs were done with a trade, UTC ns: what ended it came before."""
    ends = (
        story.over.get(found.trade_id or "", found.ts) for story in (inputs.first, inputs.second)
    )
    return max(*ends, found.ts)


def _other(inputs: Inputs, run_id: str) -> Story:
    return inputs.second if inputs.first.run_id == run_id else inputs.first


def _names(trades: set[str]) -> str:
    return ", ".join(sorted(trades)[:3]) + (" …" if len(trades) > 3 else "")  # noqa: PLR2004
