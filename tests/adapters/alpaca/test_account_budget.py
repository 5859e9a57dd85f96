"""The request budget keeps the venue's limit and lets through first what lessens risk."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.alpaca.http.account_budget import AccountBudget
from adapters.transport.token_bucket import Priority, TokenBucket
from tests.adapters.alpaca.virtual_time import loop_ns, run

SECOND = 1_000_000_000
STEPS = st.lists(
    st.tuples(st.integers(0, 5 * SECOND), st.sampled_from(Priority)), min_size=1, max_size=400
)


def later(seconds: int) -> dict[str, str]:
    now = datetime(2026, 9, 18, 13, 30, tzinfo=UTC)
    reset = int(now.timestamp()) + seconds
    return {"date": format_datetime(now, usegmt=True), "x-ratelimit-reset": str(reset)}


@given(st.integers(2, 1000), STEPS)
def test_no_sixty_seconds_hold_more_requests_than_the_limit(
    limit: int, steps: list[tuple[int, Priority]]
) -> None:
    bucket, now, sent = TokenBucket(limit), 0, list[int]()
    for wait, priority in steps:
        now += wait
        while bucket.take(priority, now):
            bucket.answered(now, 200, {})
            sent.append(now)
    assert sent
    for n, start in enumerate(sent):
        within = [ts for ts in sent[n:] if ts < start + 60 * SECOND]
        assert len(within) <= limit


@given(st.integers(20, 1000), STEPS)
def test_queries_never_take_what_is_kept_for_cancels(
    limit: int, steps: list[tuple[int, Priority]]
) -> None:
    bucket, now = TokenBucket(limit), 0
    for wait, priority in steps:
        now += wait
        while priority != Priority.CANCEL and bucket.take(priority, now):
            pass
        assert bucket.ready_at(Priority.CANCEL, now) == now


@given(STEPS)
def test_a_request_is_ready_exactly_when_it_was_promised(steps: list[tuple[int, Priority]]) -> None:
    bucket, now = TokenBucket(60), 0
    for wait, priority in steps:
        now += wait
        promised = bucket.ready_at(priority, now)
        if promised > now:
            assert not bucket.take(priority, now)
            now = promised
        assert bucket.take(priority, now)


def test_headers_lower_the_budget_for_what_others_sent() -> None:
    bucket = TokenBucket(200)
    assert bucket.take(Priority.CANCEL, 0)
    bucket.answered(0, 200, {"x-ratelimit-limit": "200", "x-ratelimit-remaining": "2"})
    assert [bucket.take(Priority.CANCEL, 0) for _ in range(3)] == [True, True, False]


def test_a_paid_limit_is_learnt_from_the_headers() -> None:
    bucket = TokenBucket(200)
    bucket.answered(0, 200, {"x-ratelimit-limit": "1000"})
    assert (bucket.limit, bucket.burst) == (1000, 250)


@pytest.mark.parametrize(
    ("headers", "waits"),
    [
        (later(7), 7),
        (later(-5), 1),
        (later(10**9), 60),
        ({"x-ratelimit-reset": "1e9", "date": "yesterday"}, 60),
        ({"retry-after": "3"}, 3),
        ({}, 60),
    ],
)
def test_after_429_everybody_waits_for_the_reset_whatever_clock_is_wrong(
    headers: dict[str, str], waits: int
) -> None:
    bucket = TokenBucket(200)
    bucket.take(Priority.CANCEL, 0)
    bucket.answered(0, 429, headers)
    assert bucket.ready_at(Priority.CANCEL, 0) == waits * SECOND


def test_the_stored_429_is_understood(shared: Path) -> None:
    samples = msgspec.json.decode(
        (shared / "fixtures/alpaca/errors/error_bodies.json").read_bytes(), type=list[dict]
    )
    sample = next(sample for sample in samples if sample["http"] == 429)
    headers = {name.lower(): value for name, value in sample["headers"].items()}
    reset = datetime.fromtimestamp(int(headers["x-ratelimit-reset"]) - 9, UTC)
    bucket = TokenBucket()
    bucket.answered(0, 429, {**headers, "date": format_datetime(reset, usegmt=True)})
    assert bucket.ready_at(Priority.CANCEL, 0) == 9 * SECOND


@given(st.lists(st.sampled_from(Priority), min_size=1, max_size=60), st.integers(0, 59))
def test_waiting_requests_go_by_priority_then_arrival(
    priorities: list[Priority], given_up: int
) -> None:
    given_up %= len(priorities)
    kept = [n for n in range(len(priorities)) if n != given_up]
    sent = run(_send_all(priorities, given_up))
    assert [number for number, _ in sent] == sorted(kept, key=lambda n: (priorities[n], n))
    assert all(at >= 7 * SECOND for _, at in sent)


async def _send_all(priorities: list[Priority], given_up: int) -> list[tuple[int, int]]:
    """Queue requests while the account is blocked for 7 s, give one up, return who went when."""
    budget, sent = AccountBudget(TokenBucket(2), loop_ns), list[tuple[int, int]]()
    budget.bucket.answered(0, 429, {"retry-after": "7"})

    async def request(number: int) -> None:
        async with budget.turn(priorities[number]) as turn:
            sent.append((number, loop_ns()))
            turn.answered(200, {})

    tasks = [asyncio.create_task(request(number)) for number in range(len(priorities))]
    await asyncio.sleep(0)
    assert budget.waiting == len(priorities)
    tasks[given_up].cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert budget.waiting == 0
    return sent


def test_a_cancel_overtakes_a_queue_of_queries() -> None:
    async def scenario() -> int:
        budget = AccountBudget(TokenBucket(20), loop_ns)

        async def request(priority: Priority) -> int:
            async with budget.turn(priority):
                return loop_ns()

        queries = [asyncio.create_task(request(Priority.QUERY)) for _ in range(50)]
        await asyncio.sleep(30)
        asked, granted = loop_ns(), await request(Priority.CANCEL)
        for query in queries:
            query.cancel()
        await asyncio.gather(*queries, return_exceptions=True)
        return granted - asked

    assert run(scenario()) == 0
