"""``ticket-streams export`` from Kafka to a file."""

import csv
import io
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from streams.audit import sheet
from streams.audit.export import COLUMNS, Calls
from streams.audit.focus import COLUMNS as FOCUS_COLUMNS
from streams.audit.sheet import NoParquetError
from streams.books.money import dollars
from streams.cli import export, main
from tests.audit.scene import MODEL, NOW, Written
from tests.cli.scene_cli import Command

DAY = datetime.fromtimestamp(NOW / 1000, UTC).date().isoformat()


def table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


@pytest.fixture
def command(kafka: str, namespace: str, monkeypatch: pytest.MonkeyPatch) -> Command:
    return Command(kafka, namespace, monkeypatch)


@pytest.mark.kafka
def test_it_exports_what_is_committed(command: Command, tmp_path: Path) -> None:
    scene = command.scene
    command.publish()
    result = command("export")
    rows = table(result.stdout)
    assert list(rows[0]) == list(COLUMNS)
    assert {(r["day"], r["model"], r["tier"], r["category"]) for r in rows} == {
        (DAY, MODEL, "first", "billing"),
        (DAY, MODEL, "first", "technical"),
    }
    assert sum(int(r["picodollars"]) for r in rows) == scene.settled
    assert sum(int(r["unsettled_picodollars"]) for r in rows) == scene.unsettled
    assert sum(Decimal(r["dollars"]) for r in rows) * 10**12 == scene.settled
    assert sum(int(r["calls"]) for r in rows) == 2
    assert sum(int(r["tickets_answered"]) for r in rows) == 6
    money = [dollars(scene.settled), dollars(scene.unsettled)]
    assert result.stderr == "2 rows: {}, and at most {} unsettled\n".format(*money)

    file = tmp_path / "focus.csv"
    result = command(
        "export", "--format", "focus", "--billing-account", "org-1", "--out", str(file)
    )
    assert result.exit_code == 0, result.output
    assert not result.stdout
    rows = table(file.read_text("utf-8"))
    assert list(rows[0]) == list(FOCUS_COLUMNS)
    assert sum(Decimal(r["BilledCost"]) for r in rows) * 10**12 == scene.settled
    assert {r["BillingAccountId"] for r in rows} == {"org-1"}
    assert {r["ChargePeriodStart"] for r in rows} == {f"{DAY}T00:00:00Z"}

    none = command("export", "--to", "2020-01-01")
    assert none.stdout == ",".join(COLUMNS) + "\n"
    assert none.stderr.startswith("0 rows: ")


@pytest.mark.kafka
def test_it_writes_parquet(command: Command, tmp_path: Path) -> None:
    arrow = pytest.importorskip("arro3.io", reason="Parquet is an extra")
    command.publish()
    for kind, column in (("parquet", "dollars"), ("focus-parquet", "BilledCost")):
        file = tmp_path / kind
        assert command("export", "--format", kind, "--out", str(file)).exit_code == 0
        dollars = arrow.read_parquet(str(file)).read_all()[column].to_pylist()
        assert sum(dollars) * 10**12 == command.scene.settled


@pytest.mark.kafka
def test_a_record_that_is_no_call_is_named_and_the_rest_exported(command: Command) -> None:
    scene = command.scene
    scene.outputs.append(Written(scene.topics.calls, 1, None, b"no call"))
    command.publish()
    result = command("export")
    assert result.exit_code == 0
    assert sum(int(r["picodollars"]) for r in table(result.stdout)) == scene.settled
    assert f"such as {scene.topics.calls}[1]@" in result.stderr


@pytest.mark.kafka
def test_without_topics_it_says_how_to_make_them(command: Command) -> None:
    result = command("export")
    assert result.exit_code == 1
    assert "run ticket-streams topics --create" in result.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--from", "soon"), "soon"),
        (("--from", "2026-11-02", "--to", "2026-11-01"), "--to is before --from"),
        (("--time-zone", "Mars/Olympus"), "is not a time zone like"),
        (("--time-zone", "../etc/passwd"), "is not a time zone like"),
        (("--format", "xlsx"), "xlsx"),
    ],
)
def test_what_cannot_be_meant_is_a_usage_error(words: tuple[str, ...], said: str) -> None:
    result = CliRunner().invoke(main, ["export", *words])
    assert result.exit_code == 2
    assert said in result.stderr


async def no_calls(*_: Any) -> None:
    """Instead of Kafka."""


def test_without_the_extra_parquet_is_refused_in_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def absent(_: sheet.Sheet) -> bytes:
        raise NoParquetError

    monkeypatch.setattr(export, "_read", no_calls)
    monkeypatch.setattr(export, "parquet_of", absent)
    file = tmp_path / "out"
    result = CliRunner().invoke(main, ["export", "--format", "parquet", "--out", str(file)])
    assert result.exit_code == 1
    assert "--format parquet: Parquet needs one more library: pip install" in result.stderr
    assert not file.exists()


def test_a_file_that_cannot_be_written_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(export, "_read", no_calls)
    file = tmp_path / "missing" / "out.csv"
    result = CliRunner().invoke(main, ["export", "--out", str(file)])
    assert result.exit_code == 1
    assert result.stderr == f"Error: --out {file}: No such file or directory\n"


@pytest.mark.parametrize(("since", "noted"), [(None, True), ("2999-01-01", False)])
def test_calls_that_are_gone_are_told(
    monkeypatch: pytest.MonkeyPatch, since: str | None, noted: bool
) -> None:
    async def beheaded(calls: Calls, _: Any) -> None:
        calls.oldest = NOW

    monkeypatch.setattr(export, "_read", beheaded)
    result = CliRunner().invoke(main, ["export", *(["--from", since] if since else [])])
    assert (f"{DAY} may be incomplete" in result.stderr) == noted
