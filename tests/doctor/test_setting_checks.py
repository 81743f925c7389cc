from typing import Any

import pytest

from streams.doctor.setting_checks import check_settings
from streams.settings import Settings, variable
from tests.doctor.scene import only


def test_the_defaults_do_not_contradict_each_other() -> None:
    assert only(check_settings(Settings())).level == "ok"


@pytest.mark.parametrize(
    ("named", "level", "changes"),
    [
        ("stop_grace", "warn", {"stop_grace": 20, "session_timeout": 10}),
        ("stall_limit", "wrong", {"stall_limit": 30, "call_timeout": 30}),
        ("window_seconds", "warn", {"window_seconds": 7}),
        ("dashboard_token", "wrong", {"dashboard_host": "0.0.0.0"}),
        ("worker_port", "wrong", {"worker_port": 8080}),
        ("max_pending", "warn", {"max_pending": 100}),
        ("batch_tokens", "warn", {"batch_tokens": 5_000}),
        ("input_tokens_per_minute", "warn", {"input_tokens_per_minute": 10_000}),
        ("escalation_model", "warn", {"escalation_model": "claude-haiku-5-5"}),
        ("escalation_threshold", "warn", {"escalation_threshold": 0}),
        ("escalation_threshold", "warn", {"escalation_threshold": 1}),
        ("escalation_cap", "warn", {"escalation_cap": 0}),
        ("anthropic_base_url", "warn", {"anthropic_base_url": "http://proxy:8080"}),
        ("schema_registry_url", "warn", {"schema_registry_url": "http://me:secret@registry"}),
    ],
)
def test_a_contradiction_names_the_setting_to_change(
    named: str, level: str, changes: dict[str, Any]
) -> None:
    finding = only(check_settings(Settings(**changes)))
    assert finding.message.startswith(f"{variable(named)}: ")
    assert finding.level == level
    assert finding.advice


def test_without_a_second_tier_its_settings_do_not_matter() -> None:
    settings = Settings(escalation_model="none", escalation_threshold=0, escalation_cap=0)
    assert only(check_settings(settings)).level == "ok"
