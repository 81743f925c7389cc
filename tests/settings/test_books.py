"""Budgets: how they are read, what they need, and what is said about wrong ones."""

from decimal import Decimal
from pathlib import Path

import pytest

from streams.settings import SettingsError, load_settings, to_environment, variable


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"budget_per_hour": "1", "window_seconds": 7}, "window_seconds"),
        ({"budget_per_hour": "1", "window_seconds": 7_200}, "window_seconds"),
        ({"budget_per_day": "1", "window_seconds": 50_000}, "window_seconds"),
    ],
)
def test_a_budget_needs_windows_that_fit_it(changes: dict[str, object], named: str) -> None:
    with pytest.raises(SettingsError, match=f"^{variable(named)}: .*BUDGET_PER"):
        load_settings(**changes)


def test_a_budget_reaches_a_worker_exactly() -> None:
    given = load_settings(budget_per_hour="0.000000000001", budget_warn="0.1")
    passed = to_environment(given)
    assert Decimal(passed[variable("budget_per_hour")]) == Decimal("1e-12")


BUDGETS = """
budget_per_hour = 4
[[budgets]]
period = "day"
dollars = 12.5
warn = 0.9
action = "unknown"
name = "the day's"
[[budgets]]
period = "day"
dollars = 1
category = "billing"
"""


def test_budgets_are_read_from_the_file_and_handed_to_processes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "ticket-streams.toml").write_text(BUDGETS)
    settings = load_settings()
    hour, day, billing = settings.limits
    assert (hour.name, hour.picodollars, hour.acts) == ("budget_per_hour", 4 * 10**12, "wait")
    assert (day.name, day.picodollars, day.warn) == (
        "the day's",
        12_500_000_000_000,
        Decimal("0.9"),
    )
    assert (day.acts, billing.acts) == ("unknown", "no_escalation")
    (tmp_path / "ticket-streams.toml").unlink()
    for name, value in to_environment(settings).items():
        monkeypatch.setenv(name, value)
    assert load_settings().limits == settings.limits


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"period": "week"}, "BUDGETS: entry 2: period: .*'hour', 'day' or 'month'"),
        ({"dollars": 0}, "BUDGETS: entry 2: dollars: .*greater than 0"),
        ({"colour": "red"}, "BUDGETS: entry 2: colour: there is no such field"),
        ({"category": "gardening"}, "BUDGETS: entry 2: there is no category 'gardening'"),
    ],
)
def test_a_wrong_budget_is_named_by_its_entry(changes: dict[str, object], message: str) -> None:
    given = [{"period": "hour", "dollars": 1}, {"period": "day", "dollars": 1, **changes}]
    with pytest.raises(SettingsError, match=message):
        load_settings(budgets=given)


def test_a_value_s_budget_needs_the_field_that_it_is_of() -> None:
    with pytest.raises(SettingsError, match="BOOKS_FIELD"):
        load_settings(budgets=[{"period": "day", "dollars": 1, "value": "acme"}])


def test_a_period_has_one_budget_for_all_spending() -> None:
    with pytest.raises(SettingsError, match="BUDGETS: there is TICKET_STREAMS_BUDGET_PER_DAY"):
        load_settings(budget_per_day=1, budgets=[{"period": "day", "dollars": 2}])
