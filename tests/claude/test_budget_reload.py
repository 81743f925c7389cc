"""Budgets that are changed in the settings file while the worker runs."""

import logging
from decimal import Decimal
from pathlib import Path

import pytest

from streams.books.limits import Limit
from streams.claude.budget_reload import BudgetReload
from streams.settings import PREFIX, load_settings


class Scene:
    def __init__(self, path: Path) -> None:
        self.path = path
        self.write("budget_per_day = 1")
        self.told: list[tuple[Limit, ...]] = []
        self.reload = BudgetReload(load_settings().limits, self.told.append)

    def write(self, text: str) -> None:
        self.path.write_text(text)

    @property
    def dollars(self) -> list[Decimal]:
        """Of the last budgets that were told."""
        return [limit.dollars for limit in self.told[-1]]


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scene:
    monkeypatch.setenv(PREFIX + "CONFIG", str(tmp_path / "settings.toml"))
    return Scene(tmp_path / "settings.toml")


def test_a_changed_budget_is_told_once(scene: Scene) -> None:
    scene.reload.look()
    assert scene.told == []
    scene.write("budget_per_day = 2.5")
    scene.reload.look()
    scene.reload.look()
    assert scene.dollars == [Decimal("2.5")]
    assert len(scene.told) == 1


def test_budgets_may_come_and_go(scene: Scene) -> None:
    scene.write('budget_per_day = 1\n[[budgets]]\nperiod = "hour"\ndollars = 0.5\n')
    scene.reload.look()
    assert scene.dollars == [Decimal(1), Decimal("0.5")]
    scene.write("")
    scene.reload.look()
    assert scene.told[-1] == ()


def test_nothing_else_of_the_file_is_taken(scene: Scene) -> None:
    scene.write("budget_per_day = 1\nmax_calls = 3")
    scene.reload.look()
    assert scene.told == []


@pytest.mark.parametrize(
    "text", ["budget_per_day = ", "budget_per_day = -1", "no_such_setting = 1", None]
)
def test_a_broken_file_is_named_once_and_budgets_stay(
    scene: Scene, text: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    if text is None:
        scene.path.unlink()
    else:
        scene.write(text)
    scene.reload.look()
    scene.reload.look()
    assert scene.told == []
    [record] = caplog.records
    assert record.levelno == logging.ERROR
    assert record.getMessage().startswith("budgets stay, for the changed settings file is wrong: ")
    assert len(record.getMessage().splitlines()) == 1
    scene.write("budget_per_day = 3")
    scene.reload.look()
    assert scene.dollars == [Decimal(3)]


def test_the_environment_comes_first_as_ever(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PREFIX + "BUDGET_PER_DAY", "1")
    scene.write("budget_per_day = 7")
    scene.reload.look()
    assert scene.told == []
