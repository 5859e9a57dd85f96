"""A pull killed at any moment goes on where it was, and nothing is lost or doubled."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import pytest

from catalog import Catalog
from catalog.pull import PullOrder
from catalog.verify import Damage, quarantine, verify
from tests.catalog.pull.conftest import KEYS, Line, ended
from tests.catalog.pull.test_pull import same_trades
from tests.forked_processes import ROOT, ForkedProcesses
from tests.simulator.market_data.loopback import Loopback


@pytest.mark.parametrize("request_number", [1, 5])
def test_a_pull_killed_while_it_downloads_asks_for_no_page_twice(
    nursery: ForkedProcesses,
    server: Loopback,
    history: Catalog,
    order: PullOrder,
    line: Line,
    tmp_path: Path,
    request_number: int,
) -> None:
    process = nursery.child(line(server.url, "--trades"), KEYS, ROOT)

    def kill(number: int) -> None:
        if number == request_number:
            process.send_signal(signal.SIGKILL)
            process.wait()

    server.on_request = kill
    code, _, _ = ended(process)
    assert code == -signal.SIGKILL
    server.on_request = None
    assert not Catalog(str(tmp_path / "catalog")).dates()
    code, report, said = ended(nursery.child(line(server.url, "--trades"), KEYS, ROOT))
    assert code == 0, said
    assert report["kinds"][0]["resumed_pages"] == request_number - 1
    assert len(server.asked) == len(set(server.asked)) + 1  # only the one that was cut off
    same_trades(Catalog(str(tmp_path / "catalog")), history, order.symbols)


@pytest.mark.parametrize(
    "moment", ["import-*.tmp", "trades/*/letter=*/part-0.json", "pulled/*/*.json"]
)
def test_a_pull_killed_while_it_stores_is_completed_by_the_next(
    nursery: ForkedProcesses,
    server: Loopback,
    history: Catalog,
    order: PullOrder,
    line: Line,
    tmp_path: Path,
    moment: str,
) -> None:
    root = tmp_path / "catalog"
    process = nursery.child(line(server.url, "--trades"), KEYS, ROOT)
    while process.poll() is None and not any(root.glob(moment)):
        time.sleep(0.001)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    asked = len(server.asked)
    code, report, said = ended(nursery.child(line(server.url, "--trades"), KEYS, ROOT))
    assert code == 0, said
    assert len(server.asked) == asked
    assert report["kinds"][0]["pages"] == 0
    catalog = Catalog(str(root))
    same_trades(catalog, history, order.symbols)
    left = verify(catalog).findings
    assert {finding.damage for finding in left} <= {Damage.LEFT_OVER}
    quarantine(catalog, left)
    assert not list((root / "pulled").rglob("*.jsonl"))
    assert verify(catalog).findings == []
