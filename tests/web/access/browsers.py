"""A gateway on a free port, and browsers that talk to it by real HTTP."""

from __future__ import annotations

import asyncio
import base64
import json
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.cookies import SimpleCookie
from itertools import count
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
from fastapi import FastAPI

from app.access.journal import AccessJournal
from app.access.users import Invited, invite
from engine.domain.access import AccessBook
from engine.domain.facts import Role
from serving import GuardedConfig, listening
from store import Journals, verified_facts
from tests.simulator.market_data.loopback import AnnouncedServer
from tests.web.access import authenticator
from tests.web.access.authenticator import Passkey
from web.gateway import create_gateway, gateway_policy
from web.settings import STATIC, GatewaySettings

TOKEN = "token-of-this-machine"
AUTH = "/api/v1/auth"
_ADDRESSES = count(1)


class Gateway:
    """A running gateway; each browser comes from an address of its own, as by a proxy."""

    def __init__(self, settings: GatewaySettings, app: FastAPI, client: httpx.Client) -> None:
        self.settings, self.app, self.client = settings, app, client

    @property
    def origin(self) -> str:
        """What browsers show as its address."""
        return self.settings.origin

    @property
    def journal(self) -> AccessJournal:
        """Return the journal as another process has it."""
        return AccessJournal(self.settings.database)

    def facts(self, kind: type) -> list[Any]:
        """Return the payloads of a kind, oldest first, of a chain that was found whole."""
        found = verified_facts(Journals.existing(self.settings.database), "access")
        return [fact.payload for fact in found if isinstance(fact.payload, kind)]

    def folded(self) -> AccessBook:
        """Return what all facts come to, folded from the first one."""
        found = verified_facts(Journals.existing(self.settings.database), "access")
        return AccessBook().after(found)

    def invited(self, name: str, role: Role) -> str:
        """Return the token of a new invitation."""
        made = invite(self.journal, name, role, by="test")
        assert isinstance(made, Invited)
        return made.token

    def browser(self) -> Browser:
        """Return a browser in which nobody is signed in."""
        return Browser(self)

    def user(self, name: str, role: Role = Role.VIEWER, *, counts: bool = True) -> Browser:
        """Return a browser in which a new user has registered and is signed in."""
        made = self.browser()
        done = made.register({"invitation": self.invited(name, role)}, counts=counts)
        assert done.status_code == 201, done.text
        return made


class Browser:
    """Cookies, a passkey and a token in memory, as one browser has them."""

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway
        self.cookies: dict[str, str] = {}
        self.csrf = ""
        self.session_id = ""
        self.codes: list[str] = []
        self.address = f"10.0.{next(_ADDRESSES)}.1"
        self._passkey: Passkey | None = None

    @property
    def passkey(self) -> Passkey:
        """The passkey that its user has in it."""
        assert self._passkey is not None
        return self._passkey

    @passkey.setter
    def passkey(self, passkey: Passkey) -> None:
        self._passkey = passkey

    def ask(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> httpx.Response:
        """Send what a page of the gateway would send."""
        sent = {"X-Forwarded-For": self.address, "Sec-Fetch-Site": "same-origin"}
        if method != "GET":
            sent |= {"Origin": self.gateway.origin, "X-Tradectl-CSRF": self.csrf}
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{name}={text}" for name, text in self.cookies.items())
        content = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        if content is not None:
            sent["Content-Type"] = "application/json"
        sent = {name: text for name, text in (sent | (headers or {})).items() if text}
        answer = self.gateway.client.request(method, path, content=content, headers=sent)
        for line in answer.headers.get_list("set-cookie"):
            for name, morsel in SimpleCookie(line).items():
                assert morsel["httponly"], line
                assert morsel["secure"], line
                assert morsel["samesite"] == "strict", line
                self.cookies[name] = morsel.value
        self.cookies = {name: text for name, text in self.cookies.items() if text}
        return answer

    def register(
        self, wish: dict[str, str], *, origin: str = "", counts: bool = True, **wrong: bool
    ) -> httpx.Response:
        """Register a passkey by an invitation or a recovery code."""
        asked = self.ask("POST", f"{AUTH}/registration/options", wish)
        if asked.status_code != 200:
            return asked
        return self.finish(asked.json()["public_key"], origin=origin, counts=counts, **wrong)

    def finish(
        self, options: dict[str, Any], *, origin: str = "", counts: bool = True, **wrong: bool
    ) -> httpx.Response:
        """Make the passkey that is asked for, and register it."""
        where = origin or self.gateway.origin
        passkey, answer = authenticator.create(options, where, counts=counts, **wrong)
        done = self.ask("POST", f"{AUTH}/registration", {"credential": answer, "label": "key"})
        if done.status_code == 201:
            self.passkey = passkey
            self.codes = done.json()["recovery_codes"]
            self._remember(done.json()["session"])
        return done

    def options(self) -> dict[str, Any]:
        """Return what the gateway asks of any passkey."""
        return self.ask("POST", f"{AUTH}/sign-in/options").json()["public_key"]

    def sign_in(self, *, origin: str = "", **wrong: Any) -> httpx.Response:
        """Sign in with the passkey of this browser."""
        answer = authenticator.get(
            self.passkey, self.options(), origin or self.gateway.origin, **wrong
        )
        return self.answer(answer)

    def answer(self, credential: dict[str, Any]) -> httpx.Response:
        """Send what a passkey answered."""
        done = self.ask("POST", f"{AUTH}/sign-in", {"credential": credential})
        if done.status_code == 200:
            self._remember(done.json())
        return done

    def confirmed(
        self, method: str, path: str, body: Any = None, *, instead: Any = None
    ) -> httpx.Response:
        """Send a request, confirm what comes back with the passkey, and send it again.

        ``instead`` is what is sent after it was confirmed, where that is something else.
        """
        first = self.ask(method, path, body)
        assert (first.status_code, first.json()["code"]) == (403, "step_up_required"), first.text
        answer = authenticator.get(self.passkey, first.json()["public_key"], self.gateway.origin)
        return self.ask(method, path, body if instead is None else instead, proof(answer))

    def _remember(self, session: dict[str, Any] | None) -> None:
        if session is not None:
            self.csrf, self.session_id = session["csrf_token"], session["session_id"]


def proof(answer: dict[str, Any]) -> dict[str, str]:
    """Return the header that carries a passkey's answer."""
    text = base64.urlsafe_b64encode(json.dumps(answer).encode()).decode()
    return {"X-Tradectl-Step-Up": text}


@contextmanager
def gateway(folder: Path, *, static: Path = STATIC, port: int = 0) -> Iterator[Gateway]:
    """Yield a gateway over the database in a folder."""
    listener = listening("127.0.0.1", port)
    settings = GatewaySettings(
        origin=f"http://localhost:{listener.getsockname()[1]}",
        database=str(folder / "facts.sqlite"),
        runs=folder / "runs",
        catalog=str(folder / "catalog"),
        local_token=TOKEN,
        is_behind_proxy=True,
        static=static,
    )
    with closing(listener):
        app = create_gateway(settings)
        yield from _served(settings, app, listener)


def _served(settings: GatewaySettings, app: FastAPI, listener: socket.socket) -> Iterator[Gateway]:
    server = AnnouncedServer(GuardedConfig(app, gateway_policy(settings)))
    thread = Thread(target=lambda: asyncio.run(server.serve(sockets=[listener])))
    thread.start()
    try:
        server.wait()
        at = settings.origin.replace("localhost", "127.0.0.1")
        host = {"Host": settings.origin.removeprefix("http://")}
        with httpx.Client(base_url=at, headers=host, timeout=60) as client:
            yield Gateway(settings, app, client)
    finally:
        server.should_exit = True
        thread.join()
