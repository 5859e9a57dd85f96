"""Passkeys let in whoever they are of, once for each challenge, and nobody else."""

from __future__ import annotations

import secrets
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

import pytest

from app.access.users import token_hash
from engine.domain.facts import (
    PasskeyAdded,
    PasskeySuspended,
    RefreshReused,
    Role,
    SessionEnded,
    SignedIn,
    SignInRefused,
    UserInvited,
)
from tests.web.access import authenticator
from tests.web.access.browsers import AUTH, Gateway


def test_an_invitation_registers_one_user_once(running: Gateway) -> None:
    token = running.invited("first", Role.TRADER)
    browser = running.browser()
    assert browser.register({"invitation": token}, is_verified=False).json()["code"] == "unverified"
    foreign = browser.register({"invitation": token}, origin="http://localhost:3000")
    assert foreign.json()["code"] == "unverified"
    done = browser.register({"invitation": token})
    assert done.status_code == 201
    assert done.json()["username"] == "first"
    assert len(set(done.json()["recovery_codes"])) == 10
    assert set(browser.cookies) == {"__Host-tc_at", "__Secure-tc_rt"}
    who = browser.ask("GET", f"{AUTH}/session").json()
    assert (who["user"]["username"], who["user"]["role"]) == ("first", "trader")
    again = running.browser().register({"invitation": token})
    assert (again.status_code, again.json()["code"]) == (401, "unknown_invitation")
    kept = [fact.token_hash for fact in running.facts(UserInvited) if fact.username == "first"]
    assert kept == [token_hash(token)]


def test_signing_in_makes_a_session_of_its_own_that_can_be_listed_and_ended(
    running: Gateway,
) -> None:
    browser = running.user("sessions")
    before, other = browser.session_id, running.browser()
    other.passkey = browser.passkey
    assert other.sign_in().status_code == 200
    assert other.session_id != before
    listed = browser.ask("GET", f"{AUTH}/sessions").json()["items"]
    assert {row["session_id"] for row in listed} == {before, other.session_id}
    assert browser.ask("DELETE", f"{AUTH}/sessions/{other.session_id}").status_code == 204
    ended = other.ask("GET", f"{AUTH}/session")
    assert (ended.status_code, ended.json()["code"]) == (401, "session_ended")
    assert other.ask("POST", f"{AUTH}/refresh").status_code == 401
    stranger = running.user("stranger")
    assert stranger.ask("DELETE", f"{AUTH}/sessions/{before}").status_code == 404
    assert browser.ask("POST", f"{AUTH}/sign-out").status_code == 204
    assert browser.cookies == {}


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"is_verified": False}, "unverified"),
        ({"origin": "http://localhost:3000"}, "unverified"),
        ({"user_handle": b"somebody else..."}, "unverified"),
        ({"user_handle": b""}, "unverified"),
    ],
)
def test_an_answer_that_does_not_hold_is_refused(
    running: Gateway, wrong: dict[str, Any], code: str
) -> None:
    browser = running.user(f"wrong-{secrets.token_hex(4)}")
    browser.cookies = {}
    answer = browser.sign_in(**wrong)
    assert (answer.status_code, answer.json()["code"]) == (401, code)
    assert browser.cookies == {}
    refused = running.facts(SignInRefused)[-1]
    assert (refused.reason.value, refused.address) == (code, browser.address)
    assert browser.sign_in().status_code == 200


def test_a_challenge_is_answered_once_and_only_if_it_was_given_out(running: Gateway) -> None:
    browser = running.user("replayed")
    options = browser.options()
    answer = authenticator.get(browser.passkey, options, running.origin)
    assert browser.answer(answer).status_code == 200
    assert browser.answer(answer).json()["code"] == "unknown_challenge"
    own = options | {"challenge": authenticator.encoded(secrets.token_bytes(32))}
    made_up = authenticator.get(browser.passkey, own, running.origin)
    assert browser.answer(made_up).json()["code"] == "unknown_challenge"
    of_none = authenticator.Passkey("localhost", b"nobody")
    unknown = authenticator.get(of_none, browser.options(), running.origin)
    assert browser.answer(unknown).json()["code"] == "unknown_passkey"


def test_a_passkey_that_counts_no_further_is_suspended_and_its_sessions_end(
    running: Gateway,
) -> None:
    browser = running.user("copied")
    assert browser.sign_in().status_code == 200
    browser.passkey.sign_count -= 1  # the copy is where the other one was
    copy = running.browser()
    copy.passkey = browser.passkey
    assert copy.sign_in().json()["code"] == "sign_count"
    assert browser.ask("GET", f"{AUTH}/session").json()["code"] == "session_ended"
    browser.passkey.sign_count += 10
    assert browser.sign_in().json()["code"] == "passkey_suspended"
    suspended = [fact.credential_id for fact in running.facts(PasskeySuspended)]
    assert browser.passkey.id in suspended


def test_a_synced_passkey_never_counts(running: Gateway) -> None:
    browser = running.user("synced", counts=False)
    assert [browser.sign_in().status_code for _ in range(2)] == [200, 200]
    assert running.folded().credentials[browser.passkey.id].sign_count == 0


def test_a_refresh_token_is_good_once_and_a_second_use_ends_the_sign_in(running: Gateway) -> None:
    browser = running.user("renewed")
    first = dict(browser.cookies)
    assert browser.ask("POST", f"{AUTH}/refresh").status_code == 200
    second = dict(browser.cookies)
    assert first["__Secure-tc_rt"] != second["__Secure-tc_rt"]
    assert browser.ask("POST", f"{AUTH}/refresh").status_code == 200
    browser.cookies["__Secure-tc_rt"] = browser.session_id + ".made.up"
    assert browser.ask("POST", f"{AUTH}/refresh").json()["code"] == "not_signed_in"
    assert browser.ask("GET", f"{AUTH}/session").status_code == 200  # strangers end nothing
    thief = running.browser()
    thief.cookies = first
    assert thief.ask("POST", f"{AUTH}/refresh").json()["code"] == "refresh_reused"
    assert browser.ask("GET", f"{AUTH}/session").json()["code"] == "session_ended"
    assert [fact.session_id for fact in running.facts(RefreshReused)] == [browser.session_id]
    ends = {fact.session_id: fact.reason.value for fact in running.facts(SessionEnded)}
    assert ends[browser.session_id] == "refresh_reused"


class _UnderWay(dict[str, Any]):
    """Renewals under way, and whether one has found another's."""

    def __init__(self) -> None:
        super().__init__()
        self.has_met = Event()

    def setdefault(self, key: str, default: Any = None) -> Any:
        found = super().setdefault(key, default)
        if found is not default:
            self.has_met.set()
        return found


def test_two_tabs_that_renew_at_once_do_not_end_each_others_sign_in(
    running: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = running.user("tabs")
    tabs = [running.browser() for _ in range(2)]
    for tab in tabs:
        tab.cookies = dict(browser.cookies)
    sign_ins, under_way = running.app.state.access.sign_ins, _UnderWay()
    renewed: list[str] = []
    alone = sign_ins._renew  # noqa: SLF001  (held while the other one comes)

    def when_both_are_there(refresh: str, address: str) -> Any:
        renewed.append(refresh)
        assert under_way.has_met.wait(60)
        return alone(refresh, address)

    monkeypatch.setattr(sign_ins, "_renewing", under_way)
    monkeypatch.setattr(sign_ins, "_renew", when_both_are_there)
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda tab: tab.ask("POST", f"{AUTH}/refresh"), tabs))
    assert [answer.status_code for answer in answers] == [200, 200]
    assert len(renewed) == 1
    assert tabs[0].cookies == tabs[1].cookies
    assert tabs[0].ask("GET", f"{AUTH}/session").status_code == 200


def test_a_recovery_code_adds_a_passkey_once_and_does_nothing_else(running: Gateway) -> None:
    browser = running.user("lost")
    code, lost = browser.codes[0], running.browser()
    added = lost.register({"recovery_code": code.lower().replace("-", " ")})
    assert (added.status_code, added.json()["session"]) == (201, None)
    assert lost.cookies == {}
    assert lost.ask("GET", f"{AUTH}/session").status_code == 401
    assert lost.sign_in().status_code == 200
    again = running.browser().register({"recovery_code": code})
    assert again.json()["code"] == "unknown_recovery_code"
    means = [f.means.value for f in running.facts(PasskeyAdded) if f.user_id == _id(browser)]
    assert means == ["invitation", "recovery_code"]
    assert lost.ask("GET", f"{AUTH}/session").json()["recovery_codes_left"] == 9
    assert code not in str(running.facts(object))


def test_one_more_passkey_takes_the_first_one(running: Gateway) -> None:
    browser = running.user("two-keys")
    first = browser.passkey
    options = browser.confirmed("POST", f"{AUTH}/passkeys/options").json()["public_key"]
    assert [each["id"] for each in options["excludeCredentials"]] == [first.id]
    assert browser.finish(options).status_code == 201
    assert browser.sign_in().status_code == 200
    path = f"{AUTH}/passkeys/{first.id}"
    assert browser.confirmed("DELETE", path).status_code == 204
    last = browser.confirmed("DELETE", f"{AUTH}/passkeys/{browser.passkey.id}")
    assert (last.status_code, last.json()["code"]) == (409, "last_passkey")
    kept = browser.ask("GET", f"{AUTH}/passkeys").json()["items"]
    assert [row["is_suspended"] for row in kept] == [True, False]


def test_five_failures_a_minute_and_no_more_of_one_address(running: Gateway) -> None:
    browser, other = running.user("hasty"), running.browser()
    codes = [browser.sign_in(is_verified=False).status_code for _ in range(6)]
    assert codes == [401] * 5 + [429]
    refused = browser.sign_in()
    assert refused.json()["code"] == "too_many_requests"
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    other.passkey = browser.passkey
    assert other.sign_in().status_code == 200
    assert browser.ask("POST", f"{AUTH}/refresh").status_code == 200


def _id(browser: Any) -> str:
    found = browser.gateway.folded().credentials[browser.passkey.id]
    assert isinstance(found.user_id, str)
    return found.user_id


def test_facts_of_a_sign_in_say_where_from_and_until_when(running: Gateway) -> None:
    browser = running.user("kept")
    (fact,) = (f for f in running.facts(SignedIn) if f.session_id == browser.session_id)
    assert (fact.address, fact.credential_id) == (browser.address, browser.passkey.id)
    shown = browser.ask("GET", f"{AUTH}/session").json()
    assert shown["expires_at"] == str(fact.expires_ns)
