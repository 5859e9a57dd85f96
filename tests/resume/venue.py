"""A simulator in a process of its own, what it knows, and a second ear at it."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from threading import Condition, Thread
from typing import Any

import httpx
from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection, connect

from serving import control_headers
from tests.forked_processes import ROOT, environment

KEYS = ("SIMRESUME", "simulated-secret")
CASH = "100000"
_HEADERS = {"APCA-API-KEY-ID": KEYS[0], "APCA-API-SECRET-KEY": KEYS[1]}
_PATIENCE_SECS = 120.0


class Venue:
    """A simulator that somebody else's process trades at."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._http = httpx.Client(
            base_url=url, headers=_HEADERS | control_headers(url), trust_env=False, timeout=120
        )

    @property
    def now(self) -> int:
        """Simulated time, UTC ns."""
        return self.status()["now_ns"]

    def status(self) -> dict[str, Any]:
        """Return where it stands."""
        return self._http.get("/sim/status").json()

    def admin(self, where: str, **said: Any) -> None:
        """Steer it."""
        self._http.post(f"/sim/{where}", json=said).raise_for_status()

    def close(self) -> None:
        """Ask no more."""
        self._http.close()

    def orders(self) -> list[dict[str, Any]]:
        """Return every order there ever was, legs and replaced ones too, oldest first."""
        return self._pages("/v2/orders", "created_at", status="all", direction="asc", limit="500")

    def groups(self) -> list[dict[str, Any]]:
        """Return every order nobody else is the parent of, with its legs."""
        return self._pages(
            "/v2/orders", "created_at", status="all", direction="asc", limit="500", nested="true"
        )

    def fills(self) -> list[dict[str, Any]]:
        """Return every execution, oldest first."""
        found: list[dict[str, Any]] = []
        while True:
            after = {"page_token": found[-1]["id"]} if found else {}
            query = {"direction": "asc", "page_size": "100", **after}
            page = self._get("/v2/account/activities/FILL", query)
            found += page
            if len(page) < 100:
                return found

    def account(self) -> dict[str, Any]:
        """Return the account."""
        return self._get("/v2/account", {})

    def positions(self) -> list[dict[str, Any]]:
        """Return what is held."""
        return self._get("/v2/positions", {})

    def cancel(self, order_id: str) -> None:
        """Cancel an order, as the account's owner may."""
        self._http.delete(f"/v2/orders/{order_id}").raise_for_status()

    def _pages(self, path: str, stamp: str, **query: str) -> list[dict[str, Any]]:
        found: dict[str, dict[str, Any]] = {}
        while True:
            last = list(found.values())[-1][stamp] if found else None
            # the bound is excluded: a page may end between two of one instant
            bound = {} if last is None else {"after": _earlier(last)}
            page = self._get(path, query | bound)
            fresh = [each for each in page if each["id"] not in found]
            found |= {each["id"]: each for each in fresh}
            if not fresh:
                return list(found.values())

    def _get(self, path: str, query: dict[str, str]) -> Any:
        answer = self._http.get(path, params=query)
        answer.raise_for_status()
        return answer.json()


def _earlier(stamp: str) -> str:
    """Return the second before an instant, as it is written on the wire."""
    moment = datetime.fromisoformat(stamp[:19]).replace(tzinfo=UTC) - timedelta(seconds=1)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def until(reached: Callable[[], bool], what: str) -> None:
    """Wait for something that will come."""
    deadline = time.monotonic() + _PATIENCE_SECS
    while not reached():
        assert time.monotonic() < deadline, f"{what} did not come in {_PATIENCE_SECS:g} s"
        time.sleep(0.005)


class Ear:
    """Hears the order updates of the account, beside the process that trades."""

    def __init__(self, venue: Venue) -> None:
        self.heard: list[str] = []
        self._url = f"{venue.url.replace('http', 'ws', 1)}/stream"
        self._more = Condition()
        self._closed = False
        self._socket: ClientConnection | None = None
        self._thread = Thread(target=self._listen, daemon=True)
        self._thread.start()

    def wait_for(self, events: frozenset[str], since: int, secs: float) -> bool:
        """Wait until one of some events is heard after the first ``since``."""
        with self._more:
            return self._more.wait_for(
                lambda: not events.isdisjoint(self.heard[since:]), timeout=secs
            )

    def again(self) -> None:
        """Listen anew: the connection may say nothing any more."""
        if self._socket is not None:
            self._socket.close()

    def close(self) -> None:
        """Listen no more."""
        self._closed = True
        self.again()
        self._thread.join()

    def _listen(self) -> None:
        while not self._closed:
            try:
                with connect(self._url, proxy=None) as socket:
                    self._socket = socket
                    data = {"key_id": KEYS[0], "secret_key": KEYS[1]}
                    socket.send(json.dumps({"action": "authenticate", "data": data}))
                    streams = {"streams": ["trade_updates"]}
                    socket.send(json.dumps({"action": "listen", "data": streams}))
                    for frame in socket:
                        self._hear(json.loads(frame))
            except (WebSocketException, OSError):
                time.sleep(0.02)

    def _hear(self, message: dict[str, Any]) -> None:
        if message.get("stream") == "trade_updates":
            with self._more:
                self.heard.append(message["data"]["event"])
                self._more.notify_all()


@contextmanager
def simulated(market: Path, day: date, *words: str) -> Iterator[Venue]:
    """Run a simulator on a stored day."""
    command = (
        *(sys.executable, "-m", "cli.main", "sim", "run", "--json", "--port", "0"),
        *("--date", str(day), "--catalog", str(market), *words),
    )
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment() | {"TRADECTL_SIM_ACCOUNTS": ":".join((*KEYS, CASH))},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout
        venue = Venue(json.loads(process.stdout.readline())["url"])
        try:
            yield venue
        finally:
            venue.close()
            process.terminate()
