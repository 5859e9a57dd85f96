"""The server that is started by itself: who may use it, what else is there, and why it does not."""

from __future__ import annotations

import asyncio
import shutil
import ssl
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from cluster.streams.address import PASSWORD_VARIABLE, ServerAddress
from cluster.streams.embedded import EmbeddedServer
from cluster.streams.redis import RedisStreams
from engine.domain.errors import ConfigError, RunError, StreamsDenied, TradectlError
from tests.cluster.servers import Server

SECRET = "planted-password-of-a-test"


def test_no_secret_is_seen_by_others(tmp_path: Path) -> None:
    folder = tmp_path / "server"
    with Server(folder) as server:
        secrets = {path.read_text() for path in folder.glob("*password")}
        assert len(secrets) == 5
        assert not any(
            secret in " ".join(psutil.Process(server.pid).cmdline()) for secret in secrets
        )
        assert folder.stat().st_mode & 0o077 == 0
        assert (folder / "socket").stat().st_mode & 0o077 == 0
        for path in folder.rglob("*"):
            if path.is_file():
                holds = any(secret in path.read_text(errors="replace") for secret in secrets)
                assert holds == path.name.endswith("password"), path
                assert not holds or path.stat().st_mode & 0o077 == 0
        assert not any(secret in repr(server.address) for secret in secrets)
        before = server.address
    with Server(folder) as server:
        assert server.address == before


def test_a_folder_has_one_server_and_one_left_behind_is_ended(tmp_path: Path) -> None:
    code = (
        "import os, pathlib, sys, time; from cluster.streams.embedded import EmbeddedServer\n"
        "server = EmbeddedServer(pathlib.Path(sys.argv[1])); server.start()\n"
        "print(server.pid, flush=True); time.sleep(600)"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as starter:
        try:
            assert starter.stdout is not None
            left = psutil.Process(int(starter.stdout.readline()))
            second = Server(tmp_path)
            with pytest.raises(ConfigError, match="another process has a server"):
                second.start()
        finally:
            starter.kill()
    assert left.is_running()
    with second:
        assert second.ask("PING")
        assert not left.is_running() or left.status() == psutil.STATUS_ZOMBIE


def test_a_start_that_fails_says_why(tmp_path: Path) -> None:
    def refusal(server: EmbeddedServer) -> TradectlError:
        with pytest.raises(TradectlError) as caught:
            server.start()
        return caught.value

    with EmbeddedServer(tmp_path / "first", port=0) as first:
        taken = refusal(EmbeddedServer(tmp_path / "second", port=first.address.port))
        assert isinstance(taken, ConfigError)
        assert "Address already in use" in str(taken)
        assert first.address.shown.startswith("redis://127.0.0.1:")
    long = refusal(EmbeddedServer(tmp_path / ("x" * 100)))
    assert "name a shorter folder, or give the server a port" in str(long)
    (tmp_path / "file").touch()
    denied = refusal(EmbeddedServer(tmp_path / "file" / "folder"))
    assert isinstance(denied, ConfigError)
    assert "name a folder that this user may write" in str(denied)
    manifest = tmp_path / "second" / "appendonlydir" / "appendonly.aof.manifest"
    manifest.parent.mkdir(exist_ok=True)
    manifest.write_text("no manifest\n")
    spoilt = refusal(EmbeddedServer(tmp_path / "second"))
    assert isinstance(spoilt, RunError)
    assert "manifest" in str(spoilt)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("redis://host", "redis://host:6379"),
        (f"redis://shard:{SECRET}@host:7000/2", "redis://shard@host:7000/2"),
        (f"rediss://:{SECRET}@[::1]", "rediss://[::1]:6379"),
        (f"unix://hub:{SECRET}@/run/valkey%20s?db=3", "unix://hub@/run/valkey s?db=3"),
    ],
)
def test_an_address_is_shown_without_its_password(url: str, shown: str) -> None:
    address = ServerAddress.read(url, environment={PASSWORD_VARIABLE: SECRET})
    assert (address.shown, address.password) == (shown, SECRET)
    assert SECRET not in repr(address)


@pytest.mark.parametrize(
    "url",
    [
        f"http://:{SECRET}@host",
        f"redis://:{SECRET}@",
        f"redis://:{SECRET}@host:port",
        f"redis://:{SECRET}@host/name",
        f"redis://:{SECRET}@host?ssl_cert_reqs=none",
        f"unix://:{SECRET}@",
        SECRET,
    ],
)
def test_what_is_no_address_is_refused_without_being_said(url: str) -> None:
    with pytest.raises(ConfigError, match="has no form of") as caught:
        ServerAddress.read(url)
    assert SECRET not in str(caught.value)


def test_a_password_file_goes_before_the_url_and_must_be_its_owners_alone(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text(f"{SECRET}\n")
    with pytest.raises(ConfigError, match="chmod 600"):
        ServerAddress.read("redis://host", password_file=file)
    file.chmod(0o600)
    assert ServerAddress.read("redis://:other@host", password_file=file).password == SECRET
    file.write_text("\n")
    with pytest.raises(ConfigError, match="is empty"):
        ServerAddress.read("redis://host", password_file=file)
    with pytest.raises(ConfigError, match="No such file"):
        ServerAddress.read("redis://host", password_file=tmp_path / "none")
    with pytest.raises(ConfigError, match="write rediss://"):
        ServerAddress.read("redis://host", ca_file=file)


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file with a key and its certificate for 127.0.0.1."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("no openssl to make a certificate with")
    file: Path = tmp_path_factory.mktemp("tls") / "both.pem"
    command = [openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    names = ["-nodes", "-keyout", "-", "-subj", "/CN=server", "-addext"]
    made = subprocess.run(
        [*command, *names, "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True
    )
    file.write_bytes(made.stdout)
    return file


def test_over_tls_the_certificate_has_to_be_valid(tmp_path: Path, signed: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(signed)

    async def test(server: EmbeddedServer) -> None:
        async def pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            while data := await reader.read(1 << 16):
                writer.write(data)
            writer.close()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            behind, to_it = await asyncio.open_unix_connection(server.address.path)
            await asyncio.gather(pipe(reader, to_it), pipe(behind, writer))

        async with await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context) as proxy:
            port = proxy.sockets[0].getsockname()[1]
            environment = {PASSWORD_VARIABLE: server.address.password}
            for ca_file in (signed, None):
                address = ServerAddress.read(
                    f"rediss://127.0.0.1:{port}", ca_file=ca_file, environment=environment
                )
                streams = RedisStreams(address)
                if ca_file is not None:
                    await streams.put("a", b"over TLS")
                    assert await streams.get("a") == b"over TLS"
                else:
                    with pytest.raises(StreamsDenied, match="certificate that is not valid here"):
                        await streams.get("a")
                await streams.close()

    with EmbeddedServer(tmp_path) as server:
        asyncio.run(test(server))
