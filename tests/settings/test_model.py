"""Every setting, from the environment and from a file."""

import json
from dataclasses import asdict
from decimal import Decimal
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from streams.books.limits import Limit
from streams.classify.categories import Category
from streams.settings import (
    PREFIX,
    Settings,
    load_settings,
    to_environment,
    variable,
)

A_FILE = str(files("streams.claude") / "prices.toml")
# A value by field that is not its default.
OTHER: dict[str, Any] = {
    "bootstrap_servers": "one:9092,two:9092",
    "security_protocol": "SASL_SSL",
    "sasl_mechanism": "PLAIN",
    "sasl_username": "worker",
    "sasl_password": "pass-word",
    "sasl_oauthbearer_token_endpoint_url": "https://idp/token",
    "sasl_oauthbearer_client_id": "client",
    "sasl_oauthbearer_client_secret": "client-secret",
    "sasl_oauthbearer_scope": "kafka",
    "ssl_ca_location": "/ca.pem",
    "ssl_certificate_location": "/own.pem",
    "ssl_key_location": "/own.key",
    "ssl_key_password": "key-word",
    "kafka_client": {"client.id": "desk", "client.rack": "a"},
    "schema_registry_url": "http://registry:8081",
    "schema_registry_user_info": "user:pass:word",
    "schema_registry_ca": A_FILE,
    "schema_registry_certificate": A_FILE,
    "schema_registry_key": A_FILE,
    "anthropic_api_key": "sk-secret",
    "anthropic_base_url": "http://127.0.0.1:9",
    "app_id": "other",
    "input_topic": "mail",
    "input_topics": ("chat", r"^desk\."),
    "output_format": "json",
    "subject_strategy": "RecordName",
    "output_topic": "routed",
    "output_headers": {"team": "support", "é.x": ""},
    "auto_register_schemas": False,
    "categories": ("one", "two"),
    "mapping": "zendesk",
    "filter": "kind == 'ticket'",
    "topic_mappings": {"chat": "intercom"},
    "tombstones": "skip",
    "updates": "latest",
    "output_envelope": "cloudevents",
    "model": "claude-sonnet-5-5",
    "escalation_model": "none",
    "escalation_threshold": 0.5,
    "escalation_cap": 0.25,
    "prices_file": A_FILE,
    "batch_size": 10,
    "batch_tokens": 2_000,
    "max_tokens": 64,
    "max_text_chars": 1_000,
    "duplicate_seconds": 60,
    "call_timeout": 12.5,
    "max_calls": 17,
    "requests_per_minute": 50,
    "input_tokens_per_minute": 50_000,
    "output_tokens_per_minute": 10_000,
    "answer_attempts": 3,
    "retry_max_wait": 5.5,
    "max_pending": 99,
    "order_by_key": False,
    "dead_letter_share": 0.25,
    "dead_letter_least": 7,
    "window_seconds": 30,
    "window_retention_hours": 5,
    "hour_retention_days": 7,
    "day_retention_days": 365,
    "books_field": "customer_id",
    "books_field_values": 7,
    "budget_per_hour": Decimal("12.5"),
    "budget_per_day": Decimal("0.000000000001"),
    "budget_per_month": Decimal("1000"),
    "budget_warn": Decimal("0.5"),
    "budget_action": "no_escalation",
    "budgets": (Limit("day", Decimal("2.5"), category="billing", warn=Decimal("0.5")),),
    "session_timeout": 20.0,
    "group_instance_id": "worker-1",
    "stop_grace": 1.5,
    "stall_limit": 60.0,
    "worker_host": "0.0.0.0",
    "worker_port": 9081,
    "dashboard_host": "0.0.0.0",
    "dashboard_port": 9080,
    "dashboard_token": "open sesame, please",
    "dashboard_show_text": True,
    "log_level": "DEBUG",
    "log_format": "json",
}
# What else a setting needs.
NEEDS: dict[str, dict[str, str]] = {
    "security_protocol": {
        "sasl_mechanism": "PLAIN",
        "sasl_username": "worker",
        "sasl_password": "pass-word",
    },
}
SHARED = {
    "kafka_client": "TICKET_STREAMS_KAFKA",
    "bootstrap_servers": "KAFKA_BOOTSTRAP_SERVERS",
    "schema_registry_url": "SCHEMA_REGISTRY_URL",
    "schema_registry_user_info": "SCHEMA_REGISTRY_BASIC_AUTH_USER_INFO",
    "schema_registry_ca": "SCHEMA_REGISTRY_SSL_CA_LOCATION",
    "schema_registry_certificate": "SCHEMA_REGISTRY_SSL_CERTIFICATE_LOCATION",
    "schema_registry_key": "SCHEMA_REGISTRY_SSL_KEY_LOCATION",
    "anthropic_api_key": "ANTHROPIC_API_KEY",
    "anthropic_base_url": "ANTHROPIC_BASE_URL",
    **{
        field: f"KAFKA_{field.upper()}"
        for field in OTHER
        if field.startswith(("security_protocol", "sasl_", "ssl_"))
    },
}


def plain(settings: Settings, field: str) -> Any:
    value = getattr(settings, field)
    if field == "categories":
        return tuple(category.name for category in value)
    if field == "mapping" and value:
        return value.base
    if field == "topic_mappings":
        return {topic: mapping.base for topic, mapping in value.items()}
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    return str(value) if isinstance(value, Path) else value


def written(value: Any) -> str:
    """As it stands in a variable."""
    if isinstance(value, tuple) and isinstance(value[0], Limit):
        given = [{k: v for k, v in asdict(limit).items() if v is not None} for limit in value]
        return json.dumps(given, default=str)
    if isinstance(value, dict):
        return json.dumps(value)
    return ",".join(value) if isinstance(value, tuple) else str(value)


def test_every_setting_is_tried_here_and_has_a_description() -> None:
    assert set(OTHER) == set(Settings.model_fields)
    assert all(field.description for field in Settings.model_fields.values())


@pytest.mark.parametrize("field", OTHER)
def test_every_setting_has_a_variable(monkeypatch: pytest.MonkeyPatch, field: str) -> None:
    assert variable(field) == SHARED.get(field, PREFIX + field.upper())
    assert plain(load_settings(), field) != OTHER[field]
    monkeypatch.setenv(variable(field), written(OTHER[field]))
    for name, needed in NEEDS.get(field, {}).items():
        monkeypatch.setenv(variable(name), needed)
    assert plain(load_settings(), field) == OTHER[field]


@pytest.mark.parametrize("field", OTHER)
def test_every_setting_can_stand_in_the_file(tmp_path: Path, field: str) -> None:
    value = OTHER[field]
    text = str(value).lower() if isinstance(value, bool) else json.dumps(value, default=str)
    if isinstance(value, dict):
        text = ", ".join(f"{json.dumps(k)} = {json.dumps(v)}" for k, v in value.items())
        text = f"{{{text}}}"
    if field == "budgets":
        text = '[{period = "day", dollars = 2.5, category = "billing", warn = 0.5}]'
    more = [f"{name} = {json.dumps(needed)}\n" for name, needed in NEEDS.get(field, {}).items()]
    (tmp_path / "ticket-streams.toml").write_text("".join([f"{field} = {text}\n", *more]))
    assert plain(load_settings(), field) == value


def test_another_file_can_be_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "ticket-streams.toml").write_text("max_calls = 1\n")
    (tmp_path / "other.toml").write_text("max_calls = 2\n")
    monkeypatch.setenv(PREFIX + "CONFIG", str(tmp_path / "other.toml"))
    assert load_settings().max_calls == 2


@pytest.mark.parametrize("field", ["bootstrap_servers", "anthropic_api_key", "max_calls", "model"])
def test_arguments_win_over_the_environment_and_that_over_the_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, field: str
) -> None:
    values = [11, 12, 13] if field == "max_calls" else ["file", "env", "argument"]
    (tmp_path / "ticket-streams.toml").write_text(f"{field} = {values[0]!r}\n")
    assert plain(load_settings(), field) == values[0]
    monkeypatch.setenv(variable(field), str(values[1]))
    assert plain(load_settings(), field) == values[1]
    assert plain(load_settings(**{field: values[2]}), field) == values[2]


@pytest.mark.parametrize("field", OTHER)
def test_a_variable_that_is_set_to_nothing_is_not_set(
    monkeypatch: pytest.MonkeyPatch, field: str
) -> None:
    monkeypatch.setenv(variable(field), "")
    assert getattr(load_settings(), field) == Settings.model_fields[field].default


CATEGORIES = """\
[[categories]]
name = "sales"
description = "  prices, offers "
examples = ["How much is it for 20 people?", "Do you have a student discount?"]

[[categories]]
name = "returns"
topic = "Returns.inbox"

[[categories]]
name = "unknown"
description = "everything else"
"""


def test_categories_are_read_from_the_file_and_handed_to_processes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "ticket-streams.toml").write_text(CATEGORIES)
    settings = load_settings()
    assert settings.categories == (
        Category(
            "sales",
            "prices, offers",
            ("How much is it for 20 people?", "Do you have a student discount?"),
        ),
        Category("returns", topic="Returns.inbox"),
        Category("unknown", "everything else"),
    )
    environment = to_environment(settings)
    (tmp_path / "ticket-streams.toml").unlink()
    assert load_settings() != settings
    monkeypatch.setenv(PREFIX + "CATEGORIES", environment[PREFIX + "CATEGORIES"])
    assert load_settings() == settings


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        load_settings().max_calls = 3  # type: ignore[misc]


def test_the_lease_ends_well_before_the_session() -> None:
    for seconds in (6, 10, 300):
        settings = load_settings(session_timeout=seconds)
        assert 2 <= settings.lease < seconds / 2
