"""The gateway as an application: routes, errors, sign-in and the cockpit's files in one frame."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from urllib.parse import urlsplit

from fastapi import FastAPI, Request
from fastapi.responses import RedirectResponse, Response
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving import Limits, Policy
from web.access.service import AccessService
from web.access.sign_in_routes import Access
from web.api.mount import add_api, serving_api
from web.places import Places
from web.problems import RESPONSES, answer_problems
from web.routers import API, ROUTERS
from web.settings import GatewaySettings
from web.static_site import StaticSite

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "font-src 'self'; img-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'; require-trusted-types-for 'script'"
)
_BODY_BYTES = 64 * 1024
_OPEN_AS_THEY_ARE = ("/api/", "/healthz", "/metrics")
"""Paths that answer programs under any name of this machine."""


def create_gateway(settings: GatewaySettings) -> FastAPI:
    """Return the application; serve it behind ``gateway_policy``.

    Raises
    ------
    ConfigError
        A file of the state folder will not do.
    JournalError
        The journal of users cannot be read, or is not what was written.
    """
    access = Access(settings, AccessService.opened(settings))
    places = Places(
        database=settings.database, runs=settings.runs, catalog=settings.catalog, logs=settings.logs
    )

    @asynccontextmanager
    async def serving(app: FastAPI) -> AsyncIterator[None]:
        async with serving_api(app, places, access.gatekeeper):
            yield

    app = FastAPI(
        lifespan=serving,
        title="tradectl",
        version=version("tradectl"),
        openapi_url=f"{API}/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.settings, app.state.access = settings, access
    app.state.gatekeeper = access.gatekeeper
    app.add_middleware(_Frame, settings=settings)
    answer_problems(app)
    for router in ROUTERS:
        app.include_router(router, prefix=API, responses=RESPONSES)
    add_api(app)
    app.add_api_route("/healthz", _health, methods=["GET"], responses=RESPONSES, tags=["health"])
    _serve_site(app, StaticSite(settings.static))
    return app


def gateway_policy(settings: GatewaySettings, hosts: tuple[str, ...] = ()) -> Policy:
    """Return what the guard before the gateway allows.

    Parameters
    ----------
    hosts : tuple of str
        Names beside that of the origin under which it may be asked.
    """
    return Policy(
        hosts=(settings.rp_id, *hosts),
        origins=(settings.origin,),
        content_security_policy=CONTENT_SECURITY_POLICY,
        limits=Limits(body_bytes=_BODY_BYTES),
        answers_problems=True,
    )


async def _health() -> dict[str, str]:
    """Say that the gateway answers."""
    return {"status": "ok"}


class _Frame:
    """Around every route: an id for the request, the headers of TLS, one name for browsers."""

    def __init__(self, app: ASGIApp, settings: GatewaySettings) -> None:
        self._app, self._settings = app, settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on with its id; send a browser at another name of this machine to ours."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        identity = secrets.token_hex(8)
        scope.setdefault("state", {})["request_id"] = identity

        async def sending(message: Message) -> None:
            if message["type"].endswith("http.response.start"):
                headers = MutableHeaders(scope=message)
                headers["X-Request-Id"] = identity
                if self._settings.is_encrypted:
                    headers["Strict-Transport-Security"] = "max-age=31536000"
            await send(message)

        elsewhere = self._elsewhere(scope)
        await (self._app if elsewhere is None else elsewhere)(scope, receive, sending)

    def _elsewhere(self, scope: Scope) -> Response | None:
        """Return the way to the name that passkeys belong to, for a page asked for by another."""
        if scope["type"] != "http" or scope["method"] not in {"GET", "HEAD"}:
            return None
        asked, ours = Request(scope).url, urlsplit(self._settings.origin)
        if not self._settings.is_local or asked.hostname == ours.hostname:
            return None
        if asked.path.startswith(_OPEN_AS_THEY_ARE):
            return None
        query = f"?{asked.query}" if asked.query else ""
        return RedirectResponse(f"{self._settings.origin}{asked.path}{query}", 307)


def _serve_site(app: FastAPI, site: StaticSite) -> None:
    """Answer whatever is no route with the cockpit; under ``/api`` it is an error."""
    nothing = app.router.default

    async def page(scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        is_page = scope["type"] == "http" and scope["method"] in {"GET", "HEAD"}
        if not is_page or path.startswith("/api/"):
            await nothing(scope, receive, send)
            return
        answer = site.answer(path.removeprefix("/"), Request(scope))
        await answer(scope, receive, send)

    app.router.default = page
