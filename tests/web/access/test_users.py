"""Whatever is done to users: the routes show what the facts come to, and what was done."""

from __future__ import annotations

import random
from typing import Any

import msgspec

from app.access.users import shown_users
from engine.domain.access import change_role
from engine.domain.facts import Role, UserSuspended
from tests.web.access.browsers import AUTH, Browser, Gateway

USERS = "/api/v1/users"


def test_a_suspended_user_is_out_at_once_and_may_be_let_in_again(running: Gateway) -> None:
    admin, browser = running.user("keeper", Role.ADMIN), running.user("leaver", Role.TRADER)
    why = {"because": "left the desk"}
    assert admin.confirmed("POST", f"{USERS}/leaver/suspend", why).status_code == 204
    assert browser.ask("GET", f"{AUTH}/session").json()["code"] == "session_ended"
    assert browser.ask("POST", f"{AUTH}/refresh").status_code == 401
    assert browser.sign_in().json()["code"] == "user_suspended"
    code = {"recovery_code": browser.codes[3]}
    assert running.browser().register(code).json()["code"] == "user_suspended"
    fact = running.facts(UserSuspended)[-1]
    assert (fact.by, fact.because) == ("keeper", "left the desk")
    assert admin.confirmed("POST", f"{USERS}/leaver/restore", why).status_code == 204
    assert browser.sign_in().status_code == 200
    nobody = admin.confirmed("POST", f"{USERS}/nobody/suspend", why)
    assert (nobody.status_code, nobody.json()["code"]) == (404, "no_such_user")


def test_the_last_administrator_stays_one(running: Gateway) -> None:
    book = running.folded()
    for user in book.administrators()[1:]:
        del book.users[user.id]
    if not book.administrators():
        running.user("last", Role.ADMIN)
        book = running.folded()
    (last,) = book.administrators()
    refused = change_role(book, last.username, Role.VIEWER, by="test")
    assert "only administrator" in str(refused)


def test_the_routes_show_what_the_facts_come_to_whatever_was_done(running: Gateway) -> None:
    chance, admin = random.Random(7), running.user("chief", Role.ADMIN)
    people: dict[str, Browser] = {}
    expected: dict[str, dict[str, Any]] = {}
    for step in range(24):
        name = chance.choice(["ann", "ben", "cid"])
        if name not in people:
            people[name] = running.user(name)
            expected[name] = {"role": "viewer", "is_suspended": False, "sessions": 1, "keys": 1}
            continue
        known, browser = expected[name], people[name]
        match chance.choice(["role", "suspend", "sign_in", "sign_in", "sign_out", "add"]):
            case "role":
                role = chance.choice(["viewer", "trader", "operator"])
                done = admin.confirmed("PUT", f"{USERS}/{name}/role", {"role": role})
                assert done.status_code == (409 if role == known["role"] else 204), step
                known["role"] = role
            case "suspend":
                word = "restore" if known["is_suspended"] else "suspend"
                path = f"{USERS}/{name}/{word}"
                assert admin.confirmed("POST", path, {"because": "chance"}).status_code == 204
                known["is_suspended"] = not known["is_suspended"]
                known["sessions"] = 0
            case "sign_in":
                is_in = browser.sign_in().status_code == 200
                assert is_in is not known["is_suspended"]
                known["sessions"] += is_in
            case "sign_out":
                is_out = browser.ask("POST", f"{AUTH}/sign-out").status_code == 204
                known["sessions"] -= is_out
            case _ if browser.codes and not known["is_suspended"]:
                lost = running.browser()
                assert lost.register({"recovery_code": browser.codes.pop()}).status_code == 201
                known["keys"] += 1
            case _:
                pass
        _agree(running, admin, expected)


def _agree(running: Gateway, admin: Browser, expected: dict[str, dict[str, Any]]) -> None:
    shown = {row["username"]: row for row in admin.ask("GET", USERS).json()["items"]}
    now = running.app.state.access.service.clock.now()
    folded = {row["username"]: row for row in shown_users(running.folded(), now)}
    assert shown.keys() == folded.keys()
    for name, row in shown.items():
        assert msgspec.json.encode(_numbers(row)) == msgspec.json.encode(_numbers(folded[name]))
    for name, known in expected.items():
        row = shown[name]
        found = {each: row[each] for each in ("role", "is_suspended", "sessions")}
        assert found | {"keys": len(row["passkeys"])} == known


def _numbers(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row with times as text, as JavaScript gets them."""
    times = {name: str(row[name]) for name in row if name.endswith("_at") and row[name] is not None}
    inner = {"passkeys": [_numbers(each) for each in row["passkeys"]]} if "passkeys" in row else {}
    return dict(sorted((row | times | inner).items()))
