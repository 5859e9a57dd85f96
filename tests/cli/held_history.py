"""Beside hop 1: what stands between a live process and its simulator, and holds things back."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from typing import Self


class HeldHistory:
    """Passes on whatever a process says to a simulator, but questions about recorded data.

    Parameters
    ----------
    held : tuple of bytes
        Beginnings of requests that are held back until ``release``; recorded data by default.

    Attributes
    ----------
    url : str
        For the process.
    asked : threading.Event
        Set once something has been asked for that is held back.
    status : str
        Answered instead of passing anything on, as ``500 Internal Server Error``; empty for no.
    """

    def __init__(self, port: int, held: tuple[bytes, ...] = (b"GET /v2/stocks/",)) -> None:
        self._port = port
        self._held = held
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
                if said.startswith(self._held):
                    self.asked.set()
                    self._released.wait()
                target.sendall(said)
            target.shutdown(socket.SHUT_WR)
