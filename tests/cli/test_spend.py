import pytest
from click.testing import CliRunner

from streams.audit.books import SpendKey
from streams.books.rows import SpendRow
from streams.cli import main
from streams.cli.reports import grouped
from tests.audit.scene import MODEL
from tests.cli.scene_cli import Command

SPEND = {
    SpendKey(60.0, "a", "billing"): SpendRow(1),
    SpendKey(60.0, "b", "billing"): SpendRow(2),
    SpendKey(120.0, "a", "account"): SpendRow(4),
}


def test_rows_are_grouped_by_what_was_asked_for() -> None:
    plus = SpendRow.plus
    assert grouped(SPEND, ("model",), 0, plus) == {("a",): SpendRow(5), ("b",): SpendRow(2)}
    assert grouped(SPEND, ("category",), 0, plus) == {
        ("account",): SpendRow(4),
        ("billing",): SpendRow(3),
    }
    assert grouped(SPEND, ("window", "model"), 60, plus) == {(120.0, "a"): SpendRow(4)}


@pytest.mark.kafka
def test_it_prints_the_groups_spend(
    kafka: str, namespace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = Command(kafka, namespace, monkeypatch)
    command.publish()
    data = command.json("spend", "--last", "1h")
    assert {(r["model"], r["category"], r["tickets"]) for r in data["rows"]} == {
        (MODEL, "billing", 4),
        (MODEL, "technical", 2),
    }
    assert data["total"]["picodollars"] == command.scene.settled
    assert data["total"]["unsettled_picodollars"] == command.scene.unsettled
    shown = command("spend", "--by", "category").stdout
    assert "billing" in shown
    assert "$0.000000" in shown
    assert command.json("spend", "--since", "2999-01-01")["rows"] == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--last", "soon"), "is not a duration like"),
        (("--since", "soon"), "is not a time like"),
        (("--since", "2026-01-01", "--last", "1h"), "exclude each other"),
    ],
)
def test_a_wrong_range_is_a_usage_error(words: tuple[str, ...], said: str) -> None:
    result = CliRunner().invoke(main, ["spend", *words])
    assert result.exit_code == 2
    assert said in result.stderr
