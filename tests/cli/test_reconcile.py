"""``ticket-streams reconcile``: what goes together, and what is said where it does not."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from streams.books.closing import unpriced
from streams.claude.prices import Usage
from streams.cli import main
from streams.cli.reconcile import MOST_LISTED
from streams.delivery import reconcile
from streams.events.model import UNPRICED, CallRecord
from tests.audit.calls import call


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--write-off", "--reprice"], "one of --write-off, --settle and --reprice"),
        (["--settle"], "--settle and --account belong together"),
        (["--account", "x"], "--settle and --account belong together"),
        (["--reprice", "--older-than", "1d"], "--older-than is for the list and for --write-off"),
    ],
)
def test_options_that_do_not_go_together_are_named(words: list[str], said: str) -> None:
    result = CliRunner().invoke(main, ["reconcile", *words])
    assert result.exit_code == 2
    assert said in result.output


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "cannot be read: No such file"),
        ("{", "Expecting property name"),
        ("[]", "has no by_model"),
        ('{"by_model": {"m": {"dollars": 1.5}}}', "m: needs"),
    ],
)
def test_an_account_that_cannot_be_read_is_one_line(
    tmp_path: Path, text: str | None, said: str
) -> None:
    file = tmp_path / "bill.json"
    if text is not None:
        file.write_text(text)
    result = CliRunner().invoke(main, ["reconcile", "--settle", "--account", str(file)])
    assert result.exit_code == 1
    assert result.output.startswith(f"Error: --account {file}: ")
    assert said in result.output
    assert len(result.output.splitlines()) == 1


async def nothing(*_: object) -> list[CallRecord]:
    return []


@pytest.mark.parametrize("many", [1, MOST_LISTED + 3])
def test_calls_that_still_have_no_price_are_named_and_a_flood_is_not_listed(
    many: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = replace(call(Usage(10, 5), model="claude-new"), outcome=UNPRICED, unsettled_picodollars=7)
    assert unpriced(one)
    left = [replace(one, call_id=f"call-{n:03}.") for n in range(many)]

    async def find(*_: object) -> list[CallRecord]:
        return left

    monkeypatch.setattr(reconcile, "reprice", nothing)
    monkeypatch.setattr(reconcile, "find_unsettled", find)
    result = CliRunner().invoke(main, ["reconcile", "--reprice"])
    assert result.exit_code == 1
    assert result.output.count("TICKET_STREAMS_PRICES_FILE") == 1
    assert "Not repriced: claude-new has no price" in result.output
    assert f"{many} calls" in result.output
    assert ("The 3 that began before" in result.output) == (many > MOST_LISTED)
    whole = CliRunner().invoke(main, ["reconcile", "--json"])
    assert len(json.loads(whole.stdout)["calls"]) == many
