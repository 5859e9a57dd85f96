"""The markets as a person sees them: what each can do, and what is traded there."""

from __future__ import annotations

import json
from typing import Any

from typer.testing import CliRunner

from catalog import Catalog
from cli.main import app
from tests.markets.conftest import HOLDERS
from tests.simulator.server.served import Served


def asked(*arguments: str, code: int = 0, **environment: str) -> Any:
    """Return what a command says with ``--json``."""
    done = CliRunner().invoke(app, ["market", *arguments, "--json"], env=environment)
    assert done.exit_code == code, done.output
    return json.loads(done.stdout)


def test_every_market_says_what_it_can_do_without_being_asked() -> None:
    found = {each["name"]: each for each in asked("list")["markets"]}
    assert set(found) == {"alpaca-sim", "alpaca-paper", "alpaca-live", "local-paper"}
    assert found["local-paper"]["venue"] == "PAPER"
    assert found["local-paper"]["capabilities"]["bracket"] == "native"
    assert "trailing_stop" in found["alpaca-live"]["capabilities"]["order_types"]
    page = CliRunner().invoke(app, ["market", "list"])
    assert (page.exit_code, "emulated" in page.stdout) == (0, True)


def test_one_instrument_is_told_alike_by_the_venue_and_by_our_own_market(
    served: Served, market: Catalog, busy: str
) -> None:
    keys = {
        "TRADECTL_SIM_URL": f"http://{served.address}",
        "APCA_API_KEY_ID": HOLDERS[-1].key,
        "APCA_API_SECRET_KEY": HOLDERS[-1].secret,
    }
    over_the_wire = asked("show", "alpaca-sim", busy, code=0, **keys)
    ours = asked("show", "local-paper", busy, "--catalog", market.root)
    (theirs,), (own,) = over_the_wire["instruments"], ours["instruments"]
    assert (theirs["key"], own["key"]) == (f"{busy}.ALPACA", f"{busy}.PAPER")
    same = ("prices", "size_step", "min_quantity", "calendar", "quote", "time_in_force")
    assert {name: theirs[name] for name in same} == {name: own[name] for name in same}
    page = CliRunner().invoke(app, ["market", "show", "local-paper", "--catalog", market.root])
    assert page.exit_code == 0, page.output
    assert "0.01 from 1" in " ".join(page.stdout.split())


def test_what_is_not_there_is_named_with_its_exit_code(market: Catalog) -> None:
    unknown = asked("show", "nowhere", code=2)
    assert "paper" in unknown["message"]
    missing = asked("show", "paper", "NOSUCH", "--catalog", market.root, code=4)
    assert "NOSUCH" in missing["message"]
