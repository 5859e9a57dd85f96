"""``tradectl say`` without a session: help, errors in one JSON object, a conversation."""

from __future__ import annotations

import json

from typer.testing import CliRunner

from cli.main import app
from engine.decision.governor.command_answer import DeclineReason
from engine.decision.plain_reason import codes_in_words, refusal_in_words
from engine.decision.refusal import RefusalReason
from engine.domain.facts import ExitReason
from engine.domain.parameters.changes import ChangeRefusal


def test_a_conversation_goes_on_after_an_error_and_ends_with_quit() -> None:
    lines = "help pause\n\nbuy 80 btc\nno K7Q2\nquit\nflatten all\n"
    said = CliRunner().invoke(app, ["say", "--json"], input=lines)
    phrase, wrong, unasked = map(json.loads, said.stdout.splitlines())
    assert phrase["commands"][0]["example"] == "pause"
    assert wrong["message"] == "column 5: expected a symbol; did you mean buy btc 80?"
    assert "no preview waits" in unasked["message"]
    assert said.exit_code == 2


def test_pages_have_sentences_where_scripts_have_codes() -> None:
    broken = "change_refused: breaks_a_rule: min_price 9 must be below max_price 5: lower it"
    assert refusal_in_words(broken) == "min_price 9 must be below max_price 5: lower it"
    assert refusal_in_words("already_so: entries are paused") == (
        "it is so already: entries are paused"
    )
    late = "refused by the hub: no_entry_after, no_entry_after 15:30 ET is past"
    words = "refused by the hub: no entry after, no_entry_after 15:30 ET is past"
    assert codes_in_words(late) == words
    unread: dict[str, str] = {}
    for reason in (*RefusalReason, *DeclineReason, *ChangeRefusal, *ExitReason):
        shown = codes_in_words(refusal_in_words(f"{reason}: why"))
        if "_" in shown:
            unread[reason] = shown
    assert unread == {}


def test_words_of_a_text_need_no_quotes_and_an_id_names_one_command() -> None:
    said = CliRunner().invoke(app, ["say", "help", "flatten"])
    assert (said.exit_code, "flatten SYMBOL|all" in said.stdout) == (0, True)
    said = CliRunner().invoke(app, ["say", "--id", "one", "--json"], input="pause\n")
    assert (said.exit_code, "--id names one" in json.loads(said.stdout)["message"]) == (2, True)
