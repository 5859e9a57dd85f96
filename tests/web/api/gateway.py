"""The API on a free port of this machine, asked by one caller, whose rank a test chooses."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from threading import Thread

import httpx
from fastapi import FastAPI, Request
from starlette.requests import HTTPConnection

from serving import GuardedConfig, Policy, listening
from tests.simulator.market_data.loopback import AnnouncedServer
from web.api.mount import add_api, serving_api
from web.callers import Caller, Rank
from web.places import Places
from web.problems import Problem, answer_problems

PATIENCE_SECS = 120.0


@dataclass
class OneCaller:
    """A gatekeeper who knows one caller; ``proofs`` are requests that were stepped up."""

    rank: Rank = Rank.OPERATOR
    is_here: bool = True
    may_step_up: bool = False
    proofs: list[str] = field(default_factory=list)

    async def caller(self, request: HTTPConnection) -> Caller:
        """Return the one there is."""
        del request
        if not self.is_here:
            raise Problem(401, "not_signed_in", "nobody is signed in")
        return Caller("u1", "ann", self.rank, "s1")

    async def holds(self, caller: Caller) -> bool:
        """Say whether they are here."""
        del caller
        return self.is_here

    async def stepped_up(self, request: Request, caller: Caller) -> str:
        """Keep the path of a request that is confirmed."""
        del caller
        if not self.may_step_up:
            raise Problem(403, "step_up_required", "confirm with a passkey", challenge="c")
        self.proofs.append(request.url.path)
        return "proof"


@dataclass
class Gateway:
    """An application that is served.

    Attributes
    ----------
    client : httpx.Client
        Its addresses begin with those of the API.
    """

    app: FastAPI
    caller: OneCaller
    client: httpx.Client
    url: str

    @property
    def stream_url(self) -> str:
        """Where live push is."""
        return self.url.replace("http", "ws") + "/api/v1/stream"


def application(places: Places, caller: OneCaller) -> FastAPI:
    """Return the API as an application of its own."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with serving_api(app, places, caller):
            app.state.broadcast.recheck_secs = 0.2
            yield

    app = FastAPI(lifespan=lifespan, docs_url=None, redoc_url=None)
    answer_problems(app)
    add_api(app)
    return app


@contextmanager
def served(places: Places, caller: OneCaller | None = None) -> Iterator[Gateway]:
    """Serve the API of some places until the end."""
    caller = caller or OneCaller()
    app = application(places, caller)
    listener = listening("127.0.0.1", 0)
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    server = AnnouncedServer(GuardedConfig(app, Policy()))
    thread = Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    server.wait()
    try:
        with httpx.Client(base_url=f"{url}/api/v1", timeout=PATIENCE_SECS) as client:
            yield Gateway(app, caller, client, url)
    finally:
        server.should_exit = True
        thread.join(PATIENCE_SECS)
