"""``tradectl say`` without a session: help, errors in one JSON object, a conversation."""

from __future__ import annotations

import json

from typer.testing import CliRunner

from cli.main import app


def test_a_conversation_goes_on_after_an_error_and_ends_with_quit() -> None:
    lines = "help pause\n\nbuy 80 btc\nno K7Q2\nquit\nflatten all\n"
    said = CliRunner().invoke(app, ["say", "--json"], input=lines)
    phrase, wrong, unasked = map(json.loads, said.stdout.splitlines())
    assert phrase["commands"][0]["example"] == "pause"
    assert wrong["message"] == "column 5: expected a symbol; did you mean buy btc 80?"
    assert "no preview waits" in unasked["message"]
    assert said.exit_code == 2


def test_words_of_a_text_need_no_quotes_and_an_id_names_one_command() -> None:
    said = CliRunner().invoke(app, ["say", "help", "flatten"])
    assert (said.exit_code, "flatten SYMBOL|all" in said.stdout) == (0, True)
    said = CliRunner().invoke(app, ["say", "--id", "one", "--json"], input="pause\n")
    assert (said.exit_code, "--id names one" in json.loads(said.stdout)["message"]) == (2, True)
