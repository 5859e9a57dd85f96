"""What stands between a live process and its simulator, and holds back."""

from __future__ import annotations

import re
import socket
import threading
from contextlib import suppress
from typing import Self

HISTORY = b"GET /v2/stocks/"
ORDERS = b"POST /v2/orders"


class HeldRequests:
    """Passes on whatever a process says to a simulator, but for requests of some kinds.

    Parameters
    ----------
    port : int
        Of the simulator.
    *kinds : bytes
        How the requests begin that are held back until ``release``; by default ``HISTORY``.

    Attributes
    ----------
    url : str
        For the process.
    asked : threading.Event
        Set once one is held back.
    status : str
        Answered to every GET instead of passing it on, as ``500 Internal Server Error``; empty for
        no.
    """

    def __init__(self, port: int, *kinds: bytes) -> None:
        self._port = port
        self._kinds = kinds or (HISTORY,)
        self.status = ""
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.asked = threading.Event()
        self._released = threading.Event()
        self._sockets: list[socket.socket] = []
        self._threads: list[threading.Thread] = []

    def release(self) -> None:
        """Pass on what was held back, and hold nothing any more."""
        self._released.set()

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        self.release()
        for each in (self._listener, *self._sockets):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        for each in (self._listener, *self._sockets):
            each.close()

    def _start(self, target: object, *arguments: socket.socket) -> None:
        thread = threading.Thread(target=target, args=arguments)  # pyright: ignore[reportArgumentType]
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                here, _ = self._listener.accept()
                there = socket.create_connection(("127.0.0.1", self._port))
                self._sockets += (here, there)
                self._start(self._pass_on, here, there)
                self._start(self._pass_on, there, here)

    def _pass_on(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while said := source.recv(65_536):
                if self.status and said.startswith(b"GET "):
                    answer = f"HTTP/1.1 {self.status}\r\nContent-Length: 0\r\n\r\n"
                    source.sendall(answer.encode())
                    continue
                if said.startswith(self._kinds):
                    said = _whole(said, source)
                    self.asked.set()
                    self._released.wait()
                target.sendall(said)
            target.shutdown(socket.SHUT_WR)


def _whole(said: bytes, source: socket.socket) -> bytes:
    """Return a request with its body: who sent it may give up before it is passed on."""
    head, _, body = said.partition(b"\r\n\r\n")
    length = re.search(rb"content-length: *(\d+)", head, re.IGNORECASE)
    missing = (0 if length is None else int(length[1])) - len(body)
    while missing > 0 and (more := source.recv(missing)):
        said, missing = said + more, missing - len(more)
    return said
