"""What is said about wrong settings: one line, that names the setting and no secret."""

from pathlib import Path

import pytest

from streams.settings import PREFIX, Settings, SettingsError, load_settings, variable

SHARED = [name for name, field in Settings.model_fields.items() if field.validation_alias]

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
    assert str(caught.value).startswith("the settings file ticket-streams.toml cannot be read: ")
    assert "\n" not in str(caught.value)
    assert "sk-secret" not in str(caught.value)


def test_a_setting_that_does_not_exist_is_named(tmp_path: Path) -> None:
    (tmp_path / "ticket-streams.toml").write_text('max_call = 3\nmodel = "x"\n')
    with pytest.raises(SettingsError, match=r"^max_call: there is no such setting, max_calls\?$"):
        load_settings()
    (tmp_path / "ticket-streams.toml").write_text("TICKET_STREAMS_MAX_CALLS = 3\n")
    with pytest.raises(SettingsError, match=r"setting, in the settings file it is max_calls$"):
        load_settings()
    (tmp_path / "ticket-streams.toml").write_text('colour = "blue"\n')
    with pytest.raises(SettingsError, match=r"^colour: there is no such setting$"):
        load_settings()
    (tmp_path / "ticket-streams.toml").unlink()
    with pytest.raises(SettingsError, match=r"^max_callz: there is no such setting, max_calls\?$"):
        load_settings(max_callz=3)


def test_a_file_that_does_not_exist_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PREFIX + "CONFIG", "/nowhere/settings.toml")
    with pytest.raises(SettingsError, match=f"{PREFIX}CONFIG names /nowhere/settings.toml"):
        load_settings()


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
