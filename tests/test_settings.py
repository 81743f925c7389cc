"""Settings from the environment and from a file, and what is said about wrong ones."""

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
    SettingsError,
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
    "output_format": "json",
    "subject_strategy": "RecordName",
    "output_topic": "routed",
    "output_headers": {"team": "support", "é.x": ""},
    "auto_register_schemas": False,
    "categories": ("one", "two"),
    "mapping": "zendesk",
    "filter": "kind == 'ticket'",
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


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing of this machine's environment, and no settings file."""
    monkeypatch.chdir(tmp_path)
    for field in Settings.model_fields:
        monkeypatch.delenv(variable(field), raising=False)
    monkeypatch.delenv(PREFIX + "CONFIG", raising=False)


def plain(settings: Settings, field: str) -> Any:
    value = getattr(settings, field)
    if field == "categories":
        return tuple(category.name for category in value)
    if field == "mapping" and value:
        return value.base
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


WRONG: list[tuple[str, str]] = [
    ("anthropic_base_url", "https://user:hunter2@api/v1"),
    ("anthropic_base_url", "https://api/v1/"),
    ("anthropic_base_url", "user:hunter2@api"),
    ("schema_registry_url", "registry:8081"),
    ("app_id", "a b"),
    ("app_id", "x" * 201),
    ("input_topic", "tickets/new"),
    ("input_topic", "tickets\n"),
    ("categories", ","),
    ("categories", "Billing"),
    ("categories", "a,b,a"),
    ("categories", "unknown"),
    ("categories", ",".join(f"c{n}" for n in range(51))),
    ("categories", '["a"'),
    ("escalation_threshold", "1.5"),
    ("escalation_cap", "-0.1"),
    ("batch_size", "101"),
    ("batch_size", "0"),
    ("batch_tokens", "999"),
    ("duplicate_seconds", "-1"),
    ("requests_per_minute", "0"),
    ("input_tokens_per_minute", "1"),
    ("output_tokens_per_minute", "1"),
    ("output_format", "xml"),
    ("max_tokens", "15"),
    ("max_tokens", "many\nlines"),
    ("max_text_chars", "0"),
    ("call_timeout", "0"),
    ("call_timeout", "nan"),
    ("call_timeout", "-1"),
    ("max_calls", "0"),
    ("max_calls", "1.5"),
    ("max_calls", "2001"),
    ("answer_attempts", "0"),
    ("retry_max_wait", "0"),
    ("max_pending", "0"),
    ("order_by_key", "perhaps"),
    ("window_seconds", "0"),
    ("window_retention_hours", "0"),
    ("hour_retention_days", "0"),
    ("day_retention_days", "30"),
    ("books_field", "text"),
    ("books_field_values", "0"),
    ("budget_per_hour", "0"),
    ("budget_per_day", "-1"),
    ("budget_per_day", "0.0000000000001"),
    ("budget_per_month", "much"),
    ("budget_warn", "1.1"),
    ("budget_action", "panic"),
    ("budgets", "{}"),
    ("budgets", "["),
    ("budgets", '[{"period": "day", "dollars": 1, "category": "billing", "action": "wait"}]'),
    ("budgets", '[{"period": "day", "dollars": 1}, {"period": "day", "dollars": 2}]'),
    ("session_timeout", "5"),
    ("stop_grace", "-1"),
    ("dead_letter_share", "0"),
    ("dead_letter_least", "0"),
    ("group_instance_id", "worker 1"),
    ("stall_limit", "1"),
    ("worker_port", "65536"),
    ("dashboard_port", "-1"),
    ("log_level", "LOUD"),
]


@pytest.mark.parametrize(("field", "value"), WRONG)
def test_a_wrong_value_is_one_line_that_names_the_variable(
    monkeypatch: pytest.MonkeyPatch, field: str, value: str
) -> None:
    monkeypatch.setenv(variable(field), value)
    with pytest.raises(SettingsError) as caught:
        load_settings()
    message = str(caught.value)
    assert message.startswith(variable(field) + ": ")
    assert "\n" not in message
    assert "hunter2" not in message
    if not field.endswith("_url"):
        assert repr(value) in message


@pytest.mark.parametrize("field", SHARED)
def test_a_wrong_value_of_the_file_names_the_variable_too(tmp_path: Path, field: str) -> None:
    (tmp_path / "ticket-streams.toml").write_text(f'{field} = ["sk-secret"]\n')
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert str(caught.value).startswith(variable(field) + ": ")
    if field != "bootstrap_servers":
        assert "sk-secret" not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    ['anthropic_api_key = sk-secret"', "max_calls", "= 3", "max_calls = 1\nmax_calls = 2", "\xff"],
)
def test_a_broken_file_is_one_line_without_its_text(tmp_path: Path, text: str) -> None:
    (tmp_path / "ticket-streams.toml").write_bytes(text.encode("latin-1"))
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert str(caught.value).startswith(PREFIX + "CONFIG: ")
    assert "\n" not in str(caught.value)
    assert "sk-secret" not in str(caught.value)


def test_a_setting_that_does_not_exist_is_named(tmp_path: Path) -> None:
    (tmp_path / "ticket-streams.toml").write_text('max_call = 3\nmodel = "x"\n')
    with pytest.raises(SettingsError, match=r"^max_call: there is no such setting$"):
        load_settings()
    (tmp_path / "ticket-streams.toml").unlink()
    with pytest.raises(SettingsError, match=r"^max_callz: there is no such setting$"):
        load_settings(max_callz=3)


def test_a_file_that_does_not_exist_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PREFIX + "CONFIG", "/nowhere/settings.toml")
    with pytest.raises(SettingsError, match=f"{PREFIX}CONFIG names /nowhere/settings.toml"):
        load_settings()


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


LONG = "x" * 201


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"name": "Sales"}, "entry 2: name: "),
        ({"name": "sales-team"}, "entry 2: name: "),
        ({"name": "x" * 65}, "entry 2: name: "),
        ({"description": "no name"}, "entry 2: name: "),
        ({"name": "b", "descripton": "x"}, "entry 2: descripton: there is no such field"),
        ({"name": "b", "description": "two\nlines"}, "entry 2: description: must be one line"),
        ({"name": "b", "description": LONG}, "entry 2: description: "),
        ({"name": "b", "examples": ["x"] * 6}, "entry 2: examples: "),
        ({"name": "b", "examples": ["x", " "]}, "entry 2: examples: entry 2: "),
        ({"name": "b", "examples": ["two\nlines"]}, "entry 2: examples: entry 1: must be one"),
        ({"name": "b", "examples": [LONG]}, "entry 2: examples: entry 1: "),
        ({"name": "b", "topic": "no/topic"}, "entry 2: topic: "),
        (3, "entry 2: "),
    ],
)
def test_a_wrong_category_is_one_line_that_says_where_it_is(entry: object, said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings(categories=["a", entry])
    message = str(caught.value)
    assert message.startswith(f"{PREFIX}CATEGORIES: {said}")
    assert "\n" not in message
    assert len(message) < 600


def test_the_key_is_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-secret")
    monkeypatch.setenv(PREFIX + "MAX_CALLS", "none")
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert "sk-secret" not in str(caught.value)
    assert caught.value.__cause__ is None  # a traceback would show the values
    assert caught.value.__suppress_context__
    monkeypatch.delenv(PREFIX + "MAX_CALLS")
    with pytest.raises(SettingsError) as caught:  # settings that do not fit together
        load_settings(categories=["dead_letter"])
    assert "sk-secret" not in str(caught.value)
    settings = load_settings()
    shown = f"{settings} {settings!r} {settings.model_dump()} {settings.model_dump_json()}"
    assert "sk-secret" not in shown


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        load_settings().max_calls = 3  # type: ignore[misc]


def test_the_lease_ends_well_before_the_session() -> None:
    for seconds in (6, 10, 300):
        settings = load_settings(session_timeout=seconds)
        assert 2 <= settings.lease < seconds / 2


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


@pytest.mark.parametrize(
    "headers",
    [{"": "x"}, {"ticket-streams.at": "x"}, {"__value_schema_id": "x"}, {"a": "x" * 4_096}],
)
def test_headers_that_are_ours_or_too_long_are_refused(headers: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match=r"^TICKET_STREAMS_OUTPUT_HEADERS: "):
        load_settings(output_headers=headers)


def test_a_login_without_a_password_is_refused_and_not_repeated() -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings(schema_registry_user_info="hunter2")
    assert str(caught.value) == "SCHEMA_REGISTRY_BASIC_AUTH_USER_INFO: must be user:password"
