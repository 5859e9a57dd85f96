"""The state on disk, whenever the process dies, and how fast it is written."""

from __future__ import annotations

from contextlib import closing
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest

from engine.domain.errors import DataError
from simulator.exchange import Exchange, Order, fill_mode, listed
from simulator.server.state_file import Remembered, StateFile
from tests.simulator.exchange.floor import TEN
from tests.simulator.server.conftest import DAY

MS = 1_000_000
LIMIT = {"symbol": "ABC", "side": "buy", "qty": "1", "type": "limit", "time_in_force": "day"}


def exchange() -> Exchange:
    return Exchange(fill_mode("base"), listed(["ABC"]), 0)


def placed(on: Exchange, who: str, now: int) -> Order:
    order = on.submit(who, LIMIT | {"limit_price": "1"}, now)
    assert isinstance(order, Order)
    on.advance(now + 60 * MS)
    on.take_events()
    return order


def test_a_state_of_an_earlier_version_is_read_under_the_new_name_of_its_fills(
    tmp_path: Path,
) -> None:
    path = tmp_path / "state"
    played, file = Exchange(fill_mode("nbbo"), listed(["ABC"]), 0), StateFile(path, DAY)
    file.save(played, TEN, {})
    file.close()
    path.write_bytes(path.read_bytes().replace(b'"nbbo"', b'"paper"', 1))
    assert StateFile(path, DAY).load(Exchange(fill_mode("paper"), listed(["ABC"]), 0)) is not None
    with pytest.raises(DataError, match="paper fills, expected"):
        StateFile(path, DAY).load(exchange())


def test_a_line_cut_short_by_a_kill_does_not_count_and_no_other_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "state"
    played, file = exchange(), StateFile(path, DAY)
    account = played.accounts.open(Decimal(1_000), TEN)
    file.account_ids = {"KEY": account.id}
    file.save(played, TEN, {})
    states = []
    for n in range(3):
        now = TEN + n * 1_000 * MS
        placed(played, account.id, now)
        file.save(played, now, {})
        states.append((path.read_bytes(), now, played.snapshot()))
        file.save(played, now, {})
    file.close()
    text, now, _ = states[1]
    for end in range(len(text) - 200, len(text) + 1):
        path.write_bytes(text[:end])
        again = StateFile(path, DAY)
        restored = exchange()
        is_whole = end == len(text)
        remembered = again.load(restored)
        assert remembered is not None
        assert remembered.played_ns == (now if is_whole else states[0][1])
        assert len(restored.state.orders) == (2 if is_whole else 1)
        assert again.account_ids == {"KEY": account.id}
        assert list(restored.state.accounts[account.id].order_ids) == list(restored.state.orders)
    path.write_bytes(text.replace(b'"now"', b'"then"', 1))
    with pytest.raises(DataError, match="no state of a simulator"):
        StateFile(path, DAY).load(exchange())


def test_the_file_grows_by_what_changed_and_is_written_anew_when_it_has_doubled(
    tmp_path: Path,
) -> None:
    path = tmp_path / "state"
    played, file = exchange(), StateFile(path, DAY)
    account = played.accounts.open(Decimal(100_000), TEN)
    file.save(played, TEN, {})
    sizes, now = [path.stat().st_size], TEN
    for _ in range(1_500):
        now += 1_000 * MS
        order = placed(played, account.id, now)
        played.cancel(account.id, order.id, now + 100 * MS)
        played.advance(now + 200 * MS)
        played.take_events()
        file.save(played, now, {})
        sizes.append(path.stat().st_size)
    file.close()
    steps = [after - before for before, after in pairwise(sizes)]
    grown = [step for step in steps if step > 0]
    assert max(grown[-100:]) < 2 * min(grown[:100])
    assert len(steps) > len(grown) > len(steps) - 10
    restored = exchange()
    remembered = StateFile(path, DAY).load(restored)
    assert remembered is not None
    assert remembered.played_ns == remembered.reached_ns == now
    assert restored.state == played.state
    assert list(restored.state.orders) == list(played.state.orders)


def test_the_time_that_was_told_is_kept_without_a_change_and_through_a_file_written_anew(
    tmp_path: Path,
) -> None:
    path = tmp_path / "state"
    played = exchange()
    with closing(StateFile(path, DAY)) as file:
        file.save(played, TEN, {})
        file.reach(TEN + 7)
    with closing(StateFile(path, DAY)) as file:
        assert file.load(exchange()) == Remembered(TEN, TEN + 7, {})
        file.save(played, TEN, {"one": 3})
        file.reach(TEN + 5)
    assert StateFile(path, DAY).load(exchange()) == Remembered(TEN, TEN + 7, {"one": 3})


@pytest.mark.parametrize("hostile", ["[" * 100_000, '{"told": 1}', "\\ud800", '{"a":' * 50_000])
@pytest.mark.parametrize("where", ["first line", "exchange", "change"])
def test_a_file_that_is_no_state_is_refused_in_words(
    tmp_path: Path, hostile: str, where: str
) -> None:
    path = tmp_path / "state"
    played, file = exchange(), StateFile(path, DAY)
    file.save(played, TEN, {})
    file.close()
    whole = path.read_bytes()
    before, _, _ = whole.partition(b'"exchange":')
    change = b'{"now":1,"told":{},"exchange":' + hostile.encode() + b"}\n"
    broken = {
        "first line": hostile.encode() + b"\n",
        "exchange": before + b'"exchange":' + hostile.encode() + b"}\n",
        "change": whole + change,
    }
    path.write_bytes(broken[where])
    with pytest.raises(DataError, match="is no state of a simulator"):
        StateFile(path, DAY).load(exchange())


def test_a_folder_is_no_state(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="name another file with --state"):
        StateFile(tmp_path, DAY).load(exchange())
