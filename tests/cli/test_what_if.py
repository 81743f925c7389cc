from pathlib import Path

import pytest
from click.testing import CliRunner

from streams.cli import main
from tests.cli.scene_cli import Command


@pytest.mark.kafka
def test_it_prints_both_bills(
    kafka: str, namespace: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    command = Command(kafka, namespace, monkeypatch)
    command.publish()
    settled = command.scene.settled
    data = command.json("what-if", "--model", "claude-sonnet-5-5")
    # 276 in, 10 written, 20 read, 63 out; in each of two partitions.
    on_sonnet = 2 * (276 * 2_000_000 + 10 * 2_500_000 + 20 * 100_000 + 63 * 10_000_000)
    assert (data["was"]["picodollars"], data["would_be"]["picodollars"]) == (settled, on_sonnet)
    assert data["was"]["tickets"] == 6

    rates = ("input", "output", "cache_write_5m", "cache_write_1h", "cache_read")
    band = ", ".join(f"{rate} = 1_000_000" for rate in rates)
    file = tmp_path / "prices.toml"
    file.write_text(f'[[price]]\nmodel = "claude-haiku-5-5"\nbands = [{{ {band} }}]\n')
    data = command.json("what-if", "--prices", str(file))
    assert data["would_be"]["picodollars"] == 2 * (306 + 63) * 1_000_000

    shown = command("what-if", "--last", "1h", "--threshold", "0.95")
    assert shown.exit_code == 0, shown.output
    assert "$0.000121" in shown.stdout
    assert "Assumed: A further ticket that is escalated" in shown.stdout
    assert command.json("what-if", "--from", "2999-01-01")["was"]["tickets"] == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--last", "1h", "--from", "2026-01-01"), "exclude each other"),
        (("--model", "claude-mystery"), "--model claude-mystery: it has no price"),
        (("--model", "none"), "--model none: it has no price"),
        (("--escalation-model", "nobody"), "--escalation-model nobody: it has no price"),
        (("--threshold", "2"), "0<=x<=1"),
    ],
)
def test_what_makes_no_sense_is_told(words: tuple[str, ...], said: str) -> None:
    result = CliRunner().invoke(main, ["what-if", *words])
    assert result.exit_code
    assert said in result.stderr


def test_a_broken_price_list_is_told(tmp_path: Path) -> None:
    file = tmp_path / "prices.toml"
    file.write_text("price = 3\n")
    result = CliRunner().invoke(main, ["what-if", "--prices", str(file)])
    assert result.exit_code == 1
    assert f"--prices {file}: price" in result.stderr
