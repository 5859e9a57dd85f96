"""The guard before every server of ours: who may ask, from where, and how much at once."""

from __future__ import annotations

import hmac
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urlsplit

import msgspec
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.control_token import TOKEN_HEADER
from serving.policy import Policy
from serving.visitors import Visitors

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_POLICY_VIOLATION = 1008


@dataclass(frozen=True, slots=True)
class _Refusal:
    """What a request gets that is not passed on; it repeats nothing of it."""

    status: int
    message: str
    code: str


_BOTH_LENGTHS = _Refusal(400, "a request has a length or is chunked, not both", "two_lengths")
_NO_TOKEN = _Refusal(
    401, f"steering needs the token of this server in {TOKEN_HEADER}", "no_control_token"
)
_FOREIGN = _Refusal(403, "web pages of another origin may not call this server", "foreign_origin")
_NOT_OURS = _Refusal(400, "this server is not called that", "unknown_host")
_NOT_JSON = _Refusal(415, "the body must be application/json", "not_json")
_FULL = _Refusal(
    503, "too many sockets wait for their authentication; try again later", "too_many_sockets"
)


class Guard:
    """ASGI middleware; what it passes on has been asked by whom the policy allows.

    Parameters
    ----------
    app : ASGI application
        Authenticates its websockets and says so with ``admit``.
    """

    def __init__(self, app: ASGIApp, policy: Policy) -> None:
        self.policy = policy
        self._app = app
        self._visitors = Visitors(policy.limits)
        self._too_large = _Refusal(
            413, f"a body has at most {policy.limits.body_bytes} bytes", "body_too_large"
        )
        self._long_headers = _Refusal(
            431,
            f"the request line and headers have at most {policy.limits.header_bytes} bytes",
            "headers_too_large",
        )
        self._inside = TrustedHostMiddleware(
            self._admitted, allowed_hosts=policy.allowed_hosts, www_redirect=False
        )
        self._headers = {
            "Cache-Control": "no-store",
            "Content-Security-Policy": policy.content_security_policy,
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": "DENY",
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer that it is refused."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return

        async def sending(message: Message) -> None:
            if message["type"].endswith("http.response.start"):  # a refused websocket's, too
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
            await send(message)

        if self.policy.answers_problems and not self._is_ours(Headers(scope=scope)):
            await self._answer(_NOT_OURS)(scope, receive, sending)
        else:
            await self._inside(scope, receive, sending)

    def _is_ours(self, headers: Headers) -> bool:
        """Say whether a request is to a host that is answered."""
        try:
            name = urlsplit(f"//{headers.get('host', '')}").hostname or ""
        except ValueError:
            return False
        return name in {host.strip("[]") for host in self.policy.allowed_hosts}

    async def _admitted(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request to a host that is ours."""
        headers = Headers(scope=scope)
        refusal = self._refusal(scope, headers)
        if refusal is not None:
            await self._answer(refusal)(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._serve_socket(scope, receive, send)
        else:
            await self._serve_request(scope, receive, send)

    def _refusal(self, scope: Scope, headers: Headers) -> _Refusal | None:
        """Return why a request is not passed on, as far as its head tells."""
        policy = self.policy
        size = len(scope.get("raw_path") or b"") + len(scope["query_string"])
        if size + sum(len(name) + len(value) for name, value in headers.raw) > (
            policy.limits.header_bytes
        ):
            return self._long_headers
        is_safe = scope["type"] == "http" and scope["method"] in _SAFE
        if self._is_foreign(headers, is_safe=is_safe):
            return _FOREIGN
        if scope["type"] == "websocket":
            return _FULL if self._visitors.is_full else None
        length, is_chunked = headers.get("content-length"), "transfer-encoding" in headers
        if length is not None and is_chunked:
            return _BOTH_LENGTHS
        if policy.control_prefix is not None and scope["path"].startswith(policy.control_prefix):
            if not self._has_token(headers):
                return _NO_TOKEN
            has_body = is_chunked or length not in {None, "0"}
            if has_body and not is_safe and _media_type(headers) != "application/json":
                return _NOT_JSON
        # the protocol has read the length: it is a number
        return self._too_large if int(length or 0) > policy.limits.body_bytes else None

    def _is_foreign(self, headers: Headers, *, is_safe: bool) -> bool:
        """Say whether a web page asks that may not; programs send no origin."""
        origins = headers.getlist("origin")
        if origins:
            return any(origin not in self.policy.origins for origin in origins)
        site = headers.get("sec-fetch-site", "none")
        return not is_safe and site not in {"none", "same-origin"}

    def _has_token(self, headers: Headers) -> bool:
        expected = self.policy.control_token
        found = headers.get(TOKEN_HEADER, "")
        return bool(expected) and hmac.compare_digest(
            found.encode(), expected.encode() if expected else b""
        )

    async def _serve_request(self, scope: Scope, receive: Receive, send: Send) -> None:
        taken, is_answered, is_refused = 0, False, False

        async def receiving() -> Message:
            nonlocal taken, is_refused
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > self.policy.limits.body_bytes:
                if not is_answered:
                    is_refused = True
                    await self._answer(self._too_large)(scope, receive, send)
                raise ClientDisconnect
            return message

        async def sending(message: Message) -> None:
            nonlocal is_answered
            is_answered = True
            if not is_refused:
                await send(message)

        # it left, was too slow, or was refused before all of its body had come
        with suppress(ClientDisconnect):
            await self._app(scope, receiving, sending)

    def _answer(self, refusal: _Refusal) -> Response:
        """Return a refusal as an answer, after which nothing more is read."""
        body: dict[str, object] = {"message": refusal.message}
        media_type = "application/json"
        if self.policy.answers_problems:
            media_type = "application/problem+json"
            title = HTTPStatus(refusal.status).phrase
            body = {"type": "about:blank", "title": title, "status": refusal.status}
            body |= {"code": refusal.code, "detail": refusal.message}
        headers = {"Connection": "close"}
        return Response(msgspec.json.encode(body), refusal.status, headers, media_type=media_type)

    async def _serve_socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        visitor = self._visitors.enter(scope)
        try:
            await self._app(scope, visitor.receiving(receive), send)
        except TimeoutError:
            if not visitor.is_late:
                raise
            await send({"type": "websocket.close", "code": _POLICY_VIOLATION})
        finally:
            visitor.leave()


def _media_type(headers: Headers) -> str:
    return headers.get("content-type", "").partition(";")[0].strip().lower()
