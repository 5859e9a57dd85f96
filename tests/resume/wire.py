"""What stands between a process and a database server, and may stop forwarding."""

from __future__ import annotations

import selectors
import socket
import threading
from contextlib import suppress
from pathlib import Path
from typing import Self

from sqlalchemy import make_url

_CHUNK = 65_536
_NAME = ".s.PGSQL.5432"


class Wire:
    """Forwards to the socket of a server until it is cut: then it takes everything, says nothing.

    Parameters
    ----------
    url : str
        Of a database that is reached through a socket in a folder.
    folder : Path
        For the socket of this end.
    """

    def __init__(self, url: str, folder: Path) -> None:
        parsed = make_url(url)
        self._target = str(Path(str(parsed.query["host"])) / _NAME)
        query = {"host": str(folder)}
        self.url = parsed.set(query=query).render_as_string(hide_password=False)
        self._server = socket.socket(socket.AF_UNIX)
        self._server.bind(str(folder / _NAME))
        self._server.listen()
        self._is_cut = threading.Event()
        self._pairs: list[socket.socket] = [self._server]
        self._accepting = threading.Thread(target=self._accept, daemon=True)

    def cut(self) -> None:
        """Forward nothing any more, with every connection open."""
        self._is_cut.set()

    def __enter__(self) -> Self:
        self._accepting.start()
        return self

    def __exit__(self, *_: object) -> None:
        for each in self._pairs:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        self._accepting.join()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._server.accept()
                far = socket.socket(socket.AF_UNIX)
                far.connect(self._target)
                self._pairs += (near, far)
                threading.Thread(target=self._forward, args=(near, far), daemon=True).start()

    def _forward(self, near: socket.socket, far: socket.socket) -> None:
        with suppress(OSError, ValueError), selectors.DefaultSelector() as selector:
            selector.register(near, selectors.EVENT_READ, far)
            selector.register(far, selectors.EVENT_READ, near)
            while True:
                for key, _ in selector.select():
                    source = key.fileobj
                    assert isinstance(source, socket.socket)
                    data = source.recv(_CHUNK)
                    if not data:
                        near.close()
                        far.close()
                        return
                    if not self._is_cut.is_set():
                        key.data.sendall(data)
