"""Whatever is wrong with keys, plan, network or venue is said plainly, and no secret with it."""

from __future__ import annotations

import signal
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from cli.terminal.output import INTERRUPTED
from engine.domain.exit_codes import ExitCode
from engine.domain.facts import EntriesHeld
from tests.cli.live.live_place import KEYS, Place, Process, simulated
from tests.forked_processes import ForkedProcesses

_PLANTED = "planted-secret-4711"
_AWAY, _REFUSED, _CONFIG = ExitCode.UNAVAILABLE, ExitCode.REFUSED, ExitCode.CONFIG
_BUSY = ("--speed", "10")

_STARTS = {
    "wrong keys": (_REFUSED, "check APCA_API_KEY_ID"),
    "a feed that is not in the plan": (_REFUSED, "choose iex or upgrade"),
    "no simulator": (_AWAY, "connection refused"),
    "a name that nobody knows": (_AWAY, "DNS: the name cannot be resolved"),
    "a certificate that nobody signed": (_REFUSED, "TLS: the certificate is not valid"),
    "something else that answers": (_CONFIG, "is no simulator of ours"),
    "no keys": (_CONFIG, "APCA_API_SECRET_KEY is not set"),
    "symbols that are not listed": (_CONFIG, "NOSUCH"),
}


class _Stranger(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        """Answer as anything may."""
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"mode": "stepped", "now_ns": 1}')

    def log_message(self, *_: object) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Say nothing."""


@contextmanager
def _stranger(certificate: ssl.SSLContext | None = None) -> Iterator[int]:
    """Serve on a free port, with TLS if there is a certificate; yield the port."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Stranger)
    if certificate is not None:
        server.socket = certificate.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture(scope="module")
def starts(
    nursery: ForkedProcesses,
    small_market: Path,
    certificate: ssl.SSLContext,
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, tuple[int, str, str]]:
    """Return code, output and everything written, of starts that all go wrong, side by side."""
    folder = tmp_path_factory.mktemp("starts")
    with socket.create_server(("127.0.0.1", 0)) as free:
        nobody = free.getsockname()[1]
    with (
        simulated(nursery, small_market, folder, start="09:50", plan="basic") as venue,
        _stranger() as other,
        _stranger(certificate) as secure,
    ):
        urls = {
            "no simulator": f"http://127.0.0.1:{nobody}",
            "a name that nobody knows": "http://nobody.invalid:8765",
            "a certificate that nobody signed": f"https://127.0.0.1:{secure}",
            "something else that answers": f"http://127.0.0.1:{other}",
        }
        secrets = {"a feed that is not in the plan": KEYS[1], "no keys": ""}
        secrets["symbols that are not listed"] = KEYS[1]
        words = {"symbols that are not listed": ("--symbols", "NOSUCH", "--feed", "iex")}
        running: dict[str, tuple[Place, Process]] = {}
        for number, name in enumerate(_STARTS):
            (own := folder / str(number)).mkdir()
            place = Place(nursery, urls.get(name, venue.url), own)
            secret = secrets.get(name, _PLANTED)
            if name == "wrong keys":
                process = place.cold_live(APCA_API_SECRET_KEY=secret)
                assert _PLANTED not in Path(f"/proc/{process.pid}/cmdline").read_text()
            else:
                given = (*words.get(name, ()), "--wait-secs", "0.5")
                process = place.live(*given, APCA_API_SECRET_KEY=secret)
            running[name] = place, process
        ended: dict[str, tuple[int, str, str]] = {}
        for name, (place, process) in running.items():
            out, err = process.communicate()
            written = "".join(path.read_text("latin-1") for path in _files(place.folder))
            ended[name] = process.wait(), err, out + err + written
    return ended


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize("wrong", list(_STARTS))
def test_a_start_that_goes_wrong_says_why_and_what_to_do(
    starts: dict[str, tuple[int, str, str]], wrong: str
) -> None:
    code, said, everything = starts[wrong]
    expected, words = _STARTS[wrong]
    assert code == expected, said
    assert words in said
    assert '"status": "error"' in everything
    assert "Traceback" not in everything
    assert _PLANTED not in everything
    assert KEYS[1] not in everything


def test_a_venue_that_goes_and_comes_back_is_survived_and_a_plan_that_ends_is_told(
    nursery: ForkedProcesses, small_market: Path, tmp_path: Path
) -> None:
    with simulated(nursery, small_market, tmp_path, start="09:50", pace=_BUSY) as place:
        process = place.live()
        place.wait(process, lambda: place.logged("the issue with feed is over"))
    try:
        place.wait(process, lambda: place.logged("entries are held: feed: ws"))
        with simulated(nursery, small_market, tmp_path, start="09:50", pace=_BUSY, port=place.port):
            place.wait(process, lambda: place.log.read_text().count("feed is over") > 1)
            place.wait(process, lambda: place.log.read_text().count("orders is over") > 1)
        with simulated(
            nursery,
            small_market,
            tmp_path,
            start="09:50",
            pace=_BUSY,
            port=place.port,
            plan="basic",
        ):
            place.wait(process, lambda: place.logged("the plan does not include this feed"))
            place.wait(process, lambda: place.log.read_text().count("orders is over") > 2)
            process.send_signal(signal.SIGINT)
            _, err = process.communicate()
    finally:
        process.kill()
        process.communicate()
    assert process.returncode == INTERRUPTED, err
    assert "Traceback" not in err + place.log.read_text()
    payloads = [fact.payload for fact in place.facts()]
    held = {payload.trouble for payload in payloads if isinstance(payload, EntriesHeld)}
    assert {"feed", "orders"} <= held
    assert not [path for path in _files(tmp_path) if KEYS[1] in path.read_text("latin-1")]
