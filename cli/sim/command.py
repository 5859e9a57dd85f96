"""``tradectl sim``: a look-alike of Alpaca on this machine, and the hand on its clock."""

from __future__ import annotations

from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from app.clock import parse_day
from app.doctor.preflight import Need, require_fit
from app.simulator.steering import DEFAULT_URL, ask, switches
from cli.sim.answer_page import SimUrl, show
from cli.terminal.data_warnings import say_warnings
from cli.terminal.day_options import SimFills, SimulatedFills, StoredDay
from cli.terminal.options import DEFAULT_CATALOG, AsJson, CatalogPath
from cli.terminal.output import INTERRUPTED, command, emit, say
from engine.domain.errors import ConfigError
from engine.domain.fixed_point import PRICE_SCALE

if TYPE_CHECKING:
    from app.simulator.run import SimReady

app = typer.Typer(
    help="Run a look-alike of Alpaca that replays a recorded day, and steer it.",
    no_args_is_help=True,
)

_PORT = 8765
_NANOS = 1_000_000_000
_LARGEST = 1e9


class Strike(StrEnum):
    """What is done at once to every open socket."""

    DROP = "drop"
    HALF_OPEN = "half_open"
    CLOSE_1011 = "close_1011"
    SLOW_CLIENT = "slow_client"
    MALFORMED = "malformed"
    HUGE = "huge"
    NAN = "nan"


@app.command()
@command
def run(
    day: StoredDay = None,
    catalog: CatalogPath = DEFAULT_CATALOG,
    speed: Annotated[
        str | None,
        typer.Option(
            "--speed", metavar="N|max", help="Times real time; 1 by default, max with --stepped."
        ),
    ] = None,
    stepped: Annotated[
        bool, typer.Option("--stepped", help="Time moves only as far as clients grant it.")
    ] = False,
    start: Annotated[
        str | None, typer.Option("--start", metavar="HH:MM", help="New York time to begin at.")
    ] = None,
    fills: SimulatedFills = SimFills.BASE,
    port: Annotated[
        int, typer.Option("--port", min=0, max=65_535, help="0 takes a free one.")
    ] = _PORT,
    host: Annotated[str, typer.Option("--host", help="Address to listen on.")] = "127.0.0.1",
    listen_anyway: Annotated[
        bool, typer.Option("--listen-anyway", help="Listen where other machines can reach it.")
    ] = False,
    allow_host: Annotated[
        list[str] | None,
        typer.Option(
            "--allow-host",
            metavar="NAME",
            help="Answer to this name, too, as that of a container; may be repeated.",
        ),
    ] = None,
    allow_origin: Annotated[
        list[str] | None,
        typer.Option(
            "--allow-origin",
            metavar="URL",
            help="Let a web page of this origin call, as http://localhost:3000; may be repeated.",
        ),
    ] = None,
    account: Annotated[
        list[str] | None,
        typer.Option(
            "--account",
            metavar="KEY:SECRET[:USD[:basic]]",
            envvar="TRADECTL_SIM_ACCOUNTS",
            help="An account; may be repeated. Without one: APCA_API_KEY_ID, or a new pair.",
        ),
    ] = None,
    state: Annotated[
        Path | None, typer.Option("--state", help="File that keeps accounts and orders.")
    ] = None,
    paused: Annotated[
        bool, typer.Option("--paused", help="Wait for `tradectl sim resume`.")
    ] = False,
    requests: Annotated[
        int, typer.Option("--requests", min=1, help="Requests an account may make in a minute.")
    ] = 200,
    pdt: Annotated[
        bool,
        typer.Option("--pdt", help="Deny a fourth day trade, as until June 2026."),
    ] = False,
    seed: Annotated[int, typer.Option("--seed", help="Same seed, same ids and chance.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Replay a recorded day as Alpaca would send it, and take orders.

    One port serves the trading API, market data and both websockets, to any client of Alpaca's.
    It runs until Ctrl-C or SIGTERM, exit code 130. This is a simulator: nothing reaches a real
    venue.

    Example: tradectl sim run --date 2026-09-18 --speed 10
    """
    require_fit(Need.SIMULATOR, files=[str(state)] if state else [])
    import msgspec

    from app.simulator.run import SimRequest, serve_simulator

    request = SimRequest(
        catalog=catalog,
        day=day,
        speed=speed,
        stepped=stepped,
        start=start,
        fills=fills.value,
        host=host,
        port=port,
        listen_anyway=listen_anyway,
        allow_hosts=allow_host or (),
        allow_origins=allow_origin or (),
        accounts=account or (),
        state=state,
        paused=paused,
        requests=requests,
        pdt=pdt,
        seed=seed,
    )

    def ready(found: SimReady) -> None:
        say_warnings(found.warnings)
        emit(
            msgspec.to_builtins(found),
            as_json=as_json,
            page=lambda console: _ready_page(console, found),
        )

    with suppress(KeyboardInterrupt):  # there is none where a shell has its children ignore Ctrl-C
        serve_simulator(request, ready)
    say("the simulator has ended")
    raise typer.Exit(INTERRUPTED)


@app.command()
@command
def status(url: SimUrl = DEFAULT_URL, as_json: AsJson = False) -> None:
    """Show where a running simulator stands, who listens, and which switches are on.

    Example: tradectl sim status
    """
    show(ask(url, "/sim/status"), as_json=as_json)


@app.command()
@command
def pause(
    at: Annotated[
        str | None, typer.Option("--at", metavar="HH:MM[:SS]", help="New York time; now without.")
    ] = None,
    url: SimUrl = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Stop simulated time, now or at a time to come; sockets stay open.

    With `--at` time moves as it did until then, and not an instant further, however fast it is:
    `tradectl sim resume` goes on from there.

    Example: tradectl sim pause --at 10:30
    """
    from app.clock import instant

    day = None if at is None else parse_day(ask(url, "/sim/status")["day"])
    said = {} if at is None or day is None else {"at": instant(at, day)}
    show(ask(url, "/sim/pause", said), as_json=as_json)


@app.command()
@command
def resume(
    speed: Annotated[
        str | None, typer.Option("--speed", metavar="N|max", help="Go on at another speed.")
    ] = None,
    url: SimUrl = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Let simulated time run on.

    Example: tradectl sim resume --speed 10
    """
    from app.simulator.run import FASTEST_WORD, simulated_speed

    said = {} if speed is None else {"speed": simulated_speed(speed, stepped=False) or FASTEST_WORD}
    show(ask(url, "/sim/resume", said), as_json=as_json)


@app.command()
@command
def step(
    secs: Annotated[float, typer.Argument(metavar="SECS", min=0.001, help="Simulated seconds.")],
    url: SimUrl = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Let some simulated time pass at once.

    Example: tradectl sim step 60
    """
    span_ns = round(_finite(secs, "SECS") * _NANOS)
    show(ask(url, "/sim/step", {"span_ns": span_ns}), as_json=as_json)


@app.command()
@command
def seek(
    when: Annotated[str, typer.Argument(metavar="HH:MM[:SS]", help="New York time; not back.")],
    url: SimUrl = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Go forward to a time: orders live through what lies between, subscribers do not see it.

    Example: tradectl sim seek 10:30
    """
    from app.clock import instant

    day = parse_day(ask(url, "/sim/status")["day"])
    show(ask(url, "/sim/seek", {"ts": instant(when, day)}), as_json=as_json)


@app.command()
@command
def band(
    symbol: Annotated[str, typer.Argument(metavar="SYMBOL")],
    down: Annotated[float, typer.Option("--down", min=0, help="USD; 0 for none.")] = 0.0,
    up: Annotated[float, typer.Option("--up", min=0, help="USD; 0 for none.")] = 0.0,
    url: SimUrl = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Set a stock's limit-down and limit-up prices; without options lift them.

    Nothing trades outside them: an order that could only fill beyond waits until the market or the
    band moves. Subscribers of `lulds` are sent it. Recorded days keep no bands.

    Example: tradectl sim band AAPL --down 210 --up 232
    """
    limits = {
        "limit_down": round(_finite(down, "--down") * PRICE_SCALE),
        "limit_up": round(_finite(up, "--up") * PRICE_SCALE),
    }
    show(ask(url, "/sim/band", {"symbol": symbol, **limits}), as_json=as_json)


@app.command()
@command
def chaos(
    switch: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME=VALUE]...", help="Switches to turn; none to look."),
    ] = None,
    strike: Annotated[
        Strike | None,
        typer.Option(
            "--strike",
            metavar="WHAT",
            help=f"Do this to every open socket now: {', '.join(Strike)}.",
        ),
    ] = None,
    calm: Annotated[bool, typer.Option("--calm", help="Turn every switch off first.")] = False,
    url: SimUrl = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Make things go wrong, as they do at the venue.

    Switches: mute, mute_symbols, repeat_frames, refuse_connections_secs, rate_limited_secs,
    lost_replies, failing_requests, slow_rest_secs, duplicate_updates, reorder_updates,
    tell_sibling_cancels, early_updates, fill_during_replace, unknown_words, late_corrections.

    Example: tradectl sim chaos mute=true --strike drop
    """
    result: dict[str, Any] = {}
    if calm:
        result |= ask(url, "/sim/chaos/calm", {})
    if switch or not (calm or strike):
        result |= ask(url, "/sim/chaos", switches(switch) if switch else None)
    if strike is not None:
        result |= ask(url, "/sim/chaos/strike", {"what": strike.value})
    show(result, as_json=as_json)


def _finite(number: float, name: str) -> float:
    """Return a number of the command line that is none of nan, inf and 1e300."""
    if not abs(number) < _LARGEST:
        raise ConfigError(f"{name} is {number}, expected less than {_LARGEST:.0e}")
    return number


def _ready_page(console: Console, found: SimReady) -> None:
    def line(text: str) -> None:
        console.print(text, highlight=False, markup=False, soft_wrap=True)

    line(f"SIMULATOR, not a venue: {found.day} at {found.url}")
    line(f"time is {found.mode}, speed {found.speed}, {found.fills} fills")
    for account in found.accounts:
        if "secret" in account:
            line(f"export APCA_API_KEY_ID={account['key']}")
            line(f"export APCA_API_SECRET_KEY={account['secret']}")
        else:
            line(f"account of key {account['key']}")
