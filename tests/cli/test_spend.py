import pytest
from click.testing import CliRunner

from streams.cli import main
from tests.audit.scene import MODEL
from tests.cli.scene_cli import Command


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
    hours = command.json("spend", "--by", "tier", "--every", "hour", "--where", "category=billing")
    assert [(r["tier"], r["tickets"], r["window"] % 3600) for r in hours["rows"]] == [
        ("first", 4, 0)
    ]
    first = command.json("spend", "--by", "category", "--limit", "1")
    second = command.json("spend", "--by", "category", "--cursor", first["next"])
    assert [r["category"] for r in (*first["rows"], *second["rows"])] == ["billing", "technical"]
    assert command("spend", "--by", "model", "--csv").stdout.splitlines()[0] == (
        "model,calls,tickets,input_tokens,output_tokens,cache_write_tokens,cache_read_tokens,"
        "picodollars,unsettled_picodollars"
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--last", "soon"), "is not a duration like"),
        (("--since", "soon"), "is not a time like"),
        (("--since", "2026-01-01", "--last", "1h"), "exclude each other"),
        (("--tz", "Berlin"), "is not a time zone like"),
        (("--where", "text=x"), "is none of model, category, tier"),
        (("--where", "billing"), "is not a filter like"),
        (("--over", "1h"), "needs every minute"),
        (("--json", "--csv"), "exclude each other"),
    ],
)
def test_a_wrong_range_is_a_usage_error(words: tuple[str, ...], said: str) -> None:
    result = CliRunner().invoke(main, ["spend", *words])
    assert result.exit_code == 2
    assert said in result.stderr
