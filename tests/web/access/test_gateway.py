"""The frame around every route: errors, headers, origins, limits, time, and the cockpit's files."""

from __future__ import annotations

import gzip
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from fastapi import WebSocket
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from app.access.journal import AccessJournal
from app.access.signing_key import signing_key
from engine.domain.errors import ConfigError, JournalBroken
from engine.domain.facts import Role, UserInvited
from engine.domain.session import NANOS_PER_SECOND
from tests.web.access.browsers import AUTH, Browser, Gateway, gateway


def test_every_error_is_a_problem_with_a_code_and_an_id(running: Gateway) -> None:
    browser = running.browser()
    large = b'{"credential": {"x": "' + b"x" * 65_536 + b'"}}'
    wanted: list[tuple[str, str, Any, dict[str, str], int, str]] = [
        ("GET", "/api/v1/nothing", None, {}, 404, "not_found"),
        ("POST", "/api/v1/nothing", None, {}, 404, "not_found"),
        ("GET", "/assets/none.js", None, {}, 404, "not_found"),
        ("PATCH", "/api/v1/users", None, {}, 405, "method_not_allowed"),
        ("POST", f"{AUTH}/sign-in", b"{", {}, 422, "invalid_request"),
        ("POST", f"{AUTH}/sign-in", {"credential": {}}, {}, 400, "unreadable_passkey_answer"),
        ("POST", f"{AUTH}/sign-in", large, {}, 413, "body_too_large"),
        ("GET", "/api/v1/users", None, {}, 401, "not_signed_in"),
        ("GET", "/healthz", None, {"Host": "evil.example"}, 400, "unknown_host"),
        ("POST", f"{AUTH}/refresh", None, {"Origin": "http://evil"}, 403, "foreign_origin"),
    ]
    for method, path, body, headers, status, code in wanted:
        answer = browser.ask(method, path, body, headers)
        found = answer.json()
        assert (answer.status_code, found["status"], found["code"]) == (status, status, code), path
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        if "request_id" in found:
            assert found["request_id"] == answer.headers["x-request-id"]
    secret = browser.ask("POST", f"{AUTH}/registration/options", {"invitation": ["my-secret"]})
    assert "my-secret" not in secret.text


def test_the_description_is_open_and_has_problems_in_place_of_fastapis_errors(
    running: Gateway,
) -> None:
    found = running.browser().ask("GET", "/api/v1/openapi.json").json()
    assert found["openapi"].startswith("3.1")
    assert "ProblemDetails" in found["components"]["schemas"]
    assert "HTTPValidationError" not in str(found)


def test_only_our_own_pages_may_change_something_with_cookies(running: Gateway) -> None:
    browser = running.user("framed")
    path = f"{AUTH}/sign-out"
    for wrong, code in (
        ({"Origin": ""}, "foreign_origin"),
        ({"Origin": running.origin.replace("localhost", "127.0.0.1")}, "foreign_origin"),
        ({"Sec-Fetch-Site": "same-site"}, "foreign_origin"),
        ({"X-Tradectl-CSRF": ""}, "csrf"),
        ({"X-Tradectl-CSRF": running.user("other").csrf}, "csrf"),
    ):
        refused = browser.ask("POST", path, headers=wrong)
        assert (refused.status_code, refused.json()["code"]) == (403, code), wrong
    foreign = browser.ask("GET", f"{AUTH}/session", headers={"Sec-Fetch-Site": "same-site"})
    assert foreign.json()["code"] == "foreign_origin"
    assert browser.ask("POST", path).status_code == 204


def test_a_websocket_takes_a_sign_in_and_our_exact_origin(running: Gateway) -> None:
    async def whoami(websocket: WebSocket) -> None:
        caller = await websocket.app.state.gatekeeper.caller(websocket)
        await websocket.accept()
        await websocket.send_text(caller.username)
        await websocket.receive_text()
        await websocket.send_text(str(await websocket.app.state.gatekeeper.holds(caller)))

    running.app.add_api_websocket_route("/whoami", whoami)
    browser = running.user("pushed")
    cookie = {"Cookie": f"__Host-tc_at={browser.cookies['__Host-tc_at']}"}
    url = running.origin.replace("http", "ws") + "/whoami"
    for origin, headers, status in (
        (running.origin, {}, 401),
        (None, cookie, 403),
        ("http://localhost:3000", cookie, 403),
    ):
        with pytest.raises(InvalidStatus) as refused:
            connect(url, origin=origin, additional_headers=headers).close()  # pyright: ignore[reportArgumentType]
        assert refused.value.response.status_code == status
    ours: Any = running.origin
    with connect(url, origin=ours, additional_headers=cookie) as found:
        assert found.recv() == "pushed"
        browser.ask("POST", f"{AUTH}/sign-out")
        found.send("and now?")
        assert found.recv() == "False"


def test_reading_too_much_holds_up_no_change(running: Gateway) -> None:
    browser = running.user("greedy")
    codes = {browser.ask("GET", f"{AUTH}/passkeys").status_code for _ in range(200)}
    assert codes == {200, 429}
    refused = browser.ask("GET", f"{AUTH}/passkeys")
    assert refused.status_code == 200 or int(refused.headers["retry-after"]) == 1
    assert browser.ask("POST", f"{AUTH}/sign-out").status_code == 204


def test_a_browser_at_the_address_is_sent_to_the_name_and_a_program_is_not(
    running: Gateway,
) -> None:
    browser = running.browser()
    number = {"Host": running.origin.removeprefix("http://").replace("localhost", "127.0.0.1")}
    moved = browser.ask("GET", "/trades?day=1", headers=number)
    assert (moved.status_code, moved.headers["location"]) == (307, f"{running.origin}/trades?day=1")
    assert browser.ask("GET", "/healthz", headers=number).json() == {"status": "ok"}


def test_time_that_has_passed_does_not_come_back_with_another_gateway(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    with gateway(tmp_path) as first:
        browser = first.user("early", Role.ADMIN)
        port = int(first.origin.rpartition(":")[2])
    with gateway(tmp_path, port=port) as second:  # killed or ended, it is all the same to cookies
        moved = _moved(browser, second)
        assert moved.ask("GET", f"{AUTH}/session").status_code == 200
        assert moved.ask("POST", f"{AUTH}/refresh").status_code == 200
    _say_it_is_later(tmp_path, minutes=6)
    with gateway(tmp_path, port=port) as third:  # the wall clock says otherwise
        later = _moved(moved, third)
        expired = later.ask("GET", f"{AUTH}/session")
        assert (expired.status_code, expired.json()["code"]) == (401, "access_expired")
        assert later.ask("POST", f"{AUTH}/refresh").status_code == 200
        assert later.ask("GET", f"{AUTH}/session").status_code == 200
        invitation = third.invited("late", Role.VIEWER)
    _say_it_is_later(tmp_path, minutes=12 * 60)
    with gateway(tmp_path, port=port) as fourth:
        last = _moved(later, fourth)
        assert last.ask("POST", f"{AUTH}/refresh").json()["code"] == "not_signed_in"
        gone = fourth.browser().register({"invitation": invitation})
        assert gone.json()["code"] == "unknown_invitation"
        assert last.sign_in().status_code == 200  # and nobody is locked out for good
    (tmp_path / "facts.sqlite").rename(tmp_path / "other.sqlite")
    with gateway(tmp_path) as fifth:  # nor can nobody be invited who was not there before
        fifth.user("new", Role.ADMIN)


def _moved(browser: Browser, to: Gateway) -> Browser:
    browser.gateway = to
    return browser


def _say_it_is_later(folder: Path, *, minutes: int) -> None:
    """Have the journal know of an instant that the wall clock has not reached, or has left."""
    ahead = time.time_ns() + minutes * 60 * NANOS_PER_SECOND
    invited = UserInvited("clock", "0" * 64, "clock", Role.VIEWER, None, 0, "test")
    journal = AccessJournal(str(folder / "facts.sqlite"), lambda: ahead)
    journal.write(lambda _book, _now: (invited,))


def test_built_files_come_compressed_and_for_ever_and_pages_come_as_the_index(
    tmp_path: Path,
) -> None:
    static = tmp_path / "static"
    (static / "assets").mkdir(parents=True)
    (static / "index.html").write_text("<!doctype html><title>cockpit</title>")
    (static / "assets" / "app-Bx81kz2_.js").write_text("let a = 1")
    (static / "assets" / "app-Bx81kz2_.js.gz").write_bytes(gzip.compress(b"let a = 1"))
    (tmp_path / "secret.txt").write_text("secret")
    with gateway(tmp_path, static=static) as found:
        browser = found.browser()
        script = browser.ask("GET", "/assets/app-Bx81kz2_.js", headers={"Accept-Encoding": "gzip"})
        assert (script.text, script.headers["content-encoding"]) == ("let a = 1", "gzip")
        assert "immutable" in script.headers["cache-control"]
        plain = browser.ask("GET", "/assets/app-Bx81kz2_.js", headers={"Accept-Encoding": "br"})
        assert "content-encoding" not in plain.headers
        for page in ("/", "/trades/2026-09-18", "/index.html"):
            answer = browser.ask("GET", page)
            assert "cockpit" in answer.text
            assert answer.headers["cache-control"] == "no-cache"
        known = {"If-None-Match": browser.ask("GET", "/").headers["etag"]}
        assert browser.ask("GET", "/", headers=known).status_code == 304
        for path in ("/../secret.txt", "/%2e%2e/secret.txt", "/assets/..%2f..%2fsecret.txt"):
            assert "secret" not in browser.ask("GET", path).text


def test_without_a_built_cockpit_the_page_says_so(running: Gateway, tmp_path: Path) -> None:
    if (running.settings.static / "index.html").exists():
        with gateway(tmp_path, static=tmp_path / "none") as found:
            assert "make web" in found.browser().ask("GET", "/").text
    else:
        assert "make web" in running.browser().ask("GET", "/").text


def test_a_key_that_others_read_and_a_broken_journal_let_no_gateway_start(
    running: Gateway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    del running
    with gateway(tmp_path) as found:
        found.user("alone", Role.ADMIN)
    with closing(sqlite3.connect(tmp_path / "facts.sqlite")) as database, database:
        database.execute(
            "update facts set payload = replace(payload, '\"admin\"', '\"viewer\"') "
            "where kind = 'user_added'"
        )
    with pytest.raises(JournalBroken, match="access is broken"), gateway(tmp_path):
        pass
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert len(signing_key()) == 32
    file = tmp_path / "tradectl" / "web" / "signing.key"
    assert file.stat().st_mode & 0o777 == 0o600
    file.chmod(0o640)
    with pytest.raises(ConfigError, match="can be read by others"):
        signing_key()
