import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from streams.cli import eval_run
from streams.cli.eval import command
from streams.evaluate import run as evaluate_run
from streams.local.standin import StandIn
from tests.evaluate.tickets import labelled


@pytest.fixture(scope="module")
def api() -> Iterator[StandIn]:
    with StandIn(key="right") as standin:
        yield standin


@pytest.fixture(autouse=True)
def environment(api: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_BASE_URL", api.url)
    monkeypatch.setenv("ANTHROPIC_API_KEY", "right")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "labelled.jsonl"
    rows = [{"text": one.ticket.text, "label": one.expected} for one in labelled(40)]
    path.write_text("".join(json.dumps(row) + "\n" for row in [*rows, {"text": "no label"}]))
    return path


def invoke(*words: object, stdin: str | None = None) -> Result:
    return CliRunner().invoke(command, [str(word) for word in words], input=stdin)


def data(*words: object) -> Any:
    result = invoke(*words, "--yes", "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_it_prints_the_figures(file: Path) -> None:
    result = invoke(file, "--yes")
    assert result.exit_code == 0, result.output
    assert "40 of 40 labelled tickets, 1 without a label" in result.stdout
    assert "The stand-in answered, not Claude" in result.stdout
    for heading in ("accuracy", "macro-F1", "Who is taken for whom", "Tiers", "Threshold now 0.65"):
        assert heading in result.stdout
    assert "40 tickets: about $0.0" in result.stderr


def test_as_json_it_prints_them_for_programs(file: Path) -> None:
    found = data(file, "--limit", 12)
    assert (found["labelled"], found["unlabelled"], found["chosen"]) == (40, 1, 12)
    assert found["simulated"] is True
    (run,) = found["runs"]
    assert run["tickets"] == 12
    assert run["settings"]["batch_size"] == 25
    assert sum(tier["cost_picodollars"] for tier in run["tiers"]) == run["cost_picodollars"]


def test_the_report_is_a_page_without_texts_unless_they_are_wanted(
    file: Path, tmp_path: Path
) -> None:
    wrong = tmp_path / "wrong.jsonl"
    wrong.write_text('{"text": "please refund the double charge", "label": "account"}\n')
    page = tmp_path / "report.html"
    assert invoke(wrong, "--yes", "--html", page).exit_code == 0
    assert "double charge" not in page.read_text()
    assert invoke(wrong, "--yes", "--html", page, "--show-texts").exit_code == 0
    assert page.read_text().startswith("<!doctype html>")
    assert "please refund the double charge" in page.read_text()


def test_two_settings_are_compared(file: Path) -> None:
    found = data(file, "--against", "batch_size=1", "--against", "escalation_model=none")
    one, other = found["runs"]
    assert (one["settings"]["batch_size"], other["settings"]["batch_size"]) == (25, 1)
    assert one["cost_picodollars"] < other["cost_picodollars"]
    assert [tier["name"] for tier in other["tiers"]] == ["first"]
    assert sum(found["comparison"][of] for of in ("both", "only_first", "only_second", "neither"))


def test_the_full_curve_has_no_guesses(file: Path) -> None:
    (run,) = data(file, "--curve", "full")["runs"]
    assert run["full"] is True
    assert run["settings"]["escalation_threshold"] == 0.65
    assert [point["guessed"] for point in run["points"]] == [0] * len(run["points"])
    assert run["billed_picodollars"] > run["cost_picodollars"]


def test_without_a_terminal_somebody_must_have_said_yes(file: Path) -> None:
    result = invoke(file)
    assert result.exit_code == 1
    assert "40 tickets: about $" in result.stderr
    assert "Error: nobody can be asked whether to go on: give --yes" in result.stderr


def test_it_can_fail_a_build(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.jsonl"
    wrong.write_text('{"text": "please refund the double charge", "label": "account"}\n')
    assert invoke(wrong, "--yes", "--min-accuracy", "0.5").exit_code == 1
    assert invoke(wrong, "--yes", "--min-accuracy", "0").exit_code == 0


def test_ctrl_c_leaves_what_there_is(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = tmp_path / "many.jsonl"
    many.write_text(file.read_text() * 20)
    page = tmp_path / "report.html"
    real = evaluate_run.run
    pressed: list[int] = []

    async def interrupted(tickets: Any, settings: Any, stop: Any, tell: Any) -> Any:
        def press(judged: int, cost: int) -> None:
            tell(judged, cost)
            if judged >= 30 and not pressed:
                pressed.append(judged)
                signal.raise_signal(signal.SIGINT)  # in this thread, before it goes on

        return await real(tickets, settings, stop, press)

    monkeypatch.setattr(eval_run, "run", interrupted)
    result = invoke(many, "--yes", "--html", page, "--against", "batch_size=1")
    assert result.exit_code == 130
    assert "ended before all 800 were judged" in result.stdout
    assert "ended before all 800 were judged" in page.read_text()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--label-field", "nowhere"], "no line has a label (nowhere): see --label-field"),
        (["--against", "nowhere.toml"], "--against nowhere.toml: No such file"),
        (["--against", "batch_sise=1"], "batch_sise: there is no such setting"),
        (["--against", "batch_size=0"], "TICKET_STREAMS_BATCH_SIZE: "),
        (["--against", "model=nobody"], "TICKET_STREAMS_MODEL is nobody, which has no price"),
        (["--html", "/nowhere/report.html"], "--html: there is no folder /nowhere"),
    ],
)
def test_what_a_person_can_mend_is_one_line(file: Path, words: list[str], said: str) -> None:
    result = invoke(file, "--yes", *words)
    assert result.exit_code == 1
    error = result.stderr.strip().splitlines()[-1]
    assert error.startswith("Error: ")
    assert said in error


def test_nothing_is_paid_for_a_report_that_cannot_be_written(file: Path, api: StandIn) -> None:
    api.reset()
    assert invoke(file, "--yes", "--html", "/nowhere/report.html").exit_code == 1
    assert api.account()["paid"] == 0


def test_a_bad_line_is_named(tmp_path: Path) -> None:
    path = tmp_path / "labelled.jsonl"
    path.write_text('{"text": "T", "label": "billing"}\n{"text": "T", "label": "refunds"}\n')
    result = invoke(path, "--yes")
    assert result.exit_code == 1
    assert "labelled.jsonl: line 2: the label 'refunds' is none of billing," in result.stderr


def test_a_wrong_key_is_said(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "wrong")
    result = invoke(file, "--yes")
    assert result.exit_code == 1
    assert result.stderr.splitlines()[-1].startswith("Error: ")
    assert "40 tickets" in result.stderr.splitlines()[0]


def test_no_key_is_said_before_anything_is_asked(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ANTHROPIC_API_KEY")
    result = invoke(file, "--yes")
    assert result.exit_code == 1
    assert "ANTHROPIC_API_KEY is not set" in result.stderr
