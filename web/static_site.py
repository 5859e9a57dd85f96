"""The built cockpit, read once: files under hashed names, compressed ahead, index for the rest."""

from __future__ import annotations

import hashlib
import mimetypes
import re
from dataclasses import dataclass, field
from pathlib import Path

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from web.problems import Problem

_HASHED = re.compile(r"[-.][A-Za-z0-9_-]{8,}\.\w+$")
_CODINGS = (("br", ".br"), ("gzip", ".gz"))
_INDEX = "index.html"
_FOR_EVER = "public, max-age=31536000, immutable"
_NOT_BUILT = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>tradectl</title></head>
<body><h1>tradectl</h1><p>The gateway runs; the cockpit is not built into this installation.
Build it with <code>make web</code> and start the gateway again.</p>
<p>The API is described at <a href="/api/v1/openapi.json">/api/v1/openapi.json</a>.</p>
</body></html>
"""


@dataclass(frozen=True, slots=True)
class _File:
    """One file and its compressed twins, by content coding."""

    media_type: str
    etag: str
    is_hashed: bool
    plain: bytes
    packed: dict[str, bytes] = field(default_factory=dict)


class StaticSite:
    """Answers with what a folder held when this was made; nothing else of the disk is reachable.

    Parameters
    ----------
    folder : Path
        It may be absent: then every page says so.
    """

    def __init__(self, folder: Path) -> None:
        self._files = {
            path.relative_to(folder).as_posix(): _read(path)
            for path in sorted(folder.rglob("*"))
            if path.is_file() and path.suffix not in {".br", ".gz"}
        }

    def answer(self, path: str, request: Request) -> Response:
        """Return a file; for the address of a page the index, whose script knows the page.

        Raises
        ------
        Problem
            404: there is no such file.
        """
        found = self._files.get(path)
        if found is None:
            if "." in path.rpartition("/")[2]:
                raise Problem(404, "not_found", "there is no such file")
            found = self._files.get(_INDEX)
        if found is None:
            return HTMLResponse(_NOT_BUILT, headers={"Cache-Control": "no-store"})
        headers = {
            "ETag": found.etag,
            "Vary": "Accept-Encoding",
            "Cache-Control": _FOR_EVER if found.is_hashed else "no-cache",
        }
        if found.etag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        accepted = _accepted(request.headers.get("accept-encoding", ""))
        for coding, _ in _CODINGS:
            if coding in accepted and coding in found.packed:
                headers["Content-Encoding"] = coding
                return Response(found.packed[coding], 200, headers, found.media_type)
        return Response(found.plain, 200, headers, found.media_type)


def _read(path: Path) -> _File:
    plain = path.read_bytes()
    twins = {coding: path.with_name(path.name + suffix) for coding, suffix in _CODINGS}
    return _File(
        media_type=mimetypes.guess_type(path.name)[0] or "application/octet-stream",
        etag=f'"{hashlib.sha256(plain).hexdigest()[:32]}"',
        is_hashed=_HASHED.search(path.name) is not None,
        plain=plain,
        packed={coding: twin.read_bytes() for coding, twin in twins.items() if twin.is_file()},
    )


def _accepted(header: str) -> set[str]:
    """Return the content codings that a client takes."""
    parts = (each.strip().partition(";") for each in header.lower().split(","))
    return {
        name.strip() for name, _, rest in parts if rest.replace(" ", "") not in {"q=0", "q=0.0"}
    }
