from types import SimpleNamespace

import pytest

from streams.audit.budget_use import BudgetUse
from streams.cli import status, top
from tests.audit.scene import NOW
from tests.cli.scene_cli import Command

pytestmark = pytest.mark.kafka


@pytest.fixture
def command(kafka: str, namespace: str, monkeypatch: pytest.MonkeyPatch) -> Command:
    # The scene's minute may be of the hour, or the day, before.
    monkeypatch.setattr(status, "time", SimpleNamespace(time=lambda: NOW / 1000))
    return Command(kafka, namespace, monkeypatch)


def test_it_tells_what_is_committed(command: Command) -> None:
    command.publish()
    found, scene = command.json("status"), command.scene
    assert found["app_id"] == command.settings.app_id
    assert found["group"] == {"state": "Empty", "workers": 0}
    assert found["today"]["tickets"] == 2 * (scene.finished - 1)
    assert found["today"]["dead_letters"] == 2
    assert found["today"]["picodollars"] == scene.settled
    assert found["today"]["unsettled_picodollars"] == scene.unsettled
    assert found["waiting"] == sum(found["lag"].values()) > 0
    assert found["per_minute"] > 0
    assert {error["stage"] for error in found["errors_hour"]} == {"api", "decode"}


@pytest.mark.parametrize(
    ("spent", "said"),
    [
        (10**12, "$4.000000 left"),
        (5 * 10**12, "$0.000000 left"),
        (6 * 10**12, "$1.000000 too much"),
    ],
)
def test_a_budget_that_is_overspent_says_so_without_a_minus(spent: int, said: str) -> None:
    use = BudgetUse("day", None, None, 5 * 10**12, spent)
    assert status._use(use).endswith(f", {said}")


def test_what_was_skipped_stands_beside_what_was_routed(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    command.publish()
    command.skip(1, 5, 11)
    monkeypatch.setattr(top, "time", SimpleNamespace(time=lambda: NOW / 1000))
    for name in ("status", "top"):
        found = command.json(name)
        assert (found["today"]["skipped"], found["hour"]["skipped"]) == (7, 7)
    assert "skipped" in command("status").stdout
    assert command.json("spend")["skipped"] == 7
    assert command.json("spend", "--until", "2020-01-01")["skipped"] == 0
    assert "skipped" not in command.json("spend", "--where", "category=billing")
    assert "7 events besides were skipped" in command("spend").stderr


def test_people_get_it_on_one_screen(command: Command) -> None:
    command.publish()
    result = command("status")
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert len(lines) <= 24
    assert any(line.startswith("routed") and "6 today" in line for line in lines)
    assert any(line.startswith("dead letters") and "2 today" in line for line in lines)


def test_without_topics_it_says_what_makes_them(command: Command) -> None:
    result = command("status")
    assert result.exit_code == 1
    assert "ticket-streams topics --create" in result.stderr
