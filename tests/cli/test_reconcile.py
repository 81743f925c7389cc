"""``ticket-streams reconcile``: what goes together, and what is said where it does not."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from streams.cli import main


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
