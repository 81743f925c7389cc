"""Every setting: its name, its default, what it means.

Read, in this order, from the environment and from a TOML file (``ticket-streams.toml`` in the
working directory, or the file that ``TICKET_STREAMS_CONFIG`` names). In the file a setting has its
lower-case name without the prefix: ``max_calls = 200``.
"""

import difflib
import json
import os
from collections.abc import Mapping
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import (
    AfterValidator,
    AliasChoices,
    BeforeValidator,
    Field,
    FilePath,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_core import ErrorDetails
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from streams.access.connection import Kafka, kafka_of
from streams.books import limits as budgets_as_set
from streams.books.limits import WHOLE, Dollars, Limit, Period
from streams.books.windows import DAY, HOUR, Retention
from streams.classify.categories import DEFAULT, Category, closed_set, entries, names
from streams.claude.prices import price_list
from streams.delivery.client_options import client_options
from streams.events.subjects import Strategy
from streams.events.topics import Topics
from streams.mapping.fields import FieldMapping, checked, checked_filter, mapping_of

PREFIX = "TICKET_STREAMS_"

MOST_REPEATED = 300
"""Characters of a wrong value that an error repeats."""


def _upper(value: object) -> object:
    return value.upper() if isinstance(value, str) else value


# Kafka's own rule for a topic name.
TopicName = Annotated[str, Field(pattern=r"^[a-zA-Z0-9._-]{1,200}$")]

Categories = Annotated[
    tuple[Category, ...], NoDecode, BeforeValidator(entries), AfterValidator(closed_set)
]

Protocol = Annotated[
    Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"], BeforeValidator(_upper)
]
Mechanism = Annotated[
    Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"], BeforeValidator(_upper)
]
Mapped = Annotated[
    FieldMapping | None, NoDecode, BeforeValidator(mapping_of), AfterValidator(checked)
]
JmesPath = Annotated[str | None, AfterValidator(checked_filter)]

GroupInstance = Annotated[str, Field(pattern=r"^[a-zA-Z0-9._-]{1,249}$")]


def _prices(file: str) -> str:
    price_list(file)  # raises ValueError with the place of what is wrong
    return file


PricesFile = Annotated[str, AfterValidator(_prices)]

Budgets = Annotated[
    tuple[Limit, ...],
    NoDecode,
    BeforeValidator(budgets_as_set.entries),
    AfterValidator(budgets_as_set.checked),
]

RESERVED_HEADERS = ("ticket-streams.", "__")
"""Beginnings of names that are ours, or the ecosystem's."""
HEADER_BYTES = 4_096
"""Of all fixed headers together: they must fit beside the largest ticket."""


def _fixed_headers(headers: dict[str, str]) -> dict[str, str]:
    for name in headers:
        if not name or name.startswith(RESERVED_HEADERS):
            raise ValueError(f"{name!r} is no name for a header of your own")
    if sum(len(part.encode()) for item in headers.items() for part in item) > HEADER_BYTES:
        raise ValueError(f"more than {HEADER_BYTES:,} bytes")
    return headers


OutputHeaders = Annotated[dict[str, str], AfterValidator(_fixed_headers)]


def _flat(block: object) -> object:
    """TOML reads ``client.rack = "a"`` as a table in a table; whoever writes it means a name."""
    if not isinstance(block, dict):
        return block
    flat: dict[str, object] = {}
    for name, value in block.items():
        inner = _flat(value)
        if isinstance(inner, dict):
            flat |= {f"{name}.{rest}": found for rest, found in inner.items()}
        else:
            flat[name] = str(value).lower() if isinstance(value, bool) else str(value)
    return flat


def _known_options(block: dict[str, str]) -> dict[str, str]:
    client_options(block)  # raises ValueError with the name of what is wrong
    return block


KafkaClient = Annotated[dict[str, str], BeforeValidator(_flat), AfterValidator(_known_options)]


PERIODS = {"hour": HOUR, "day": DAY, "month": DAY}
"""Seconds of which a budget's period is made up."""


class SettingsError(Exception):
    """A setting is wrong. The message is one line and names the setting to change."""


def _shared(name: str, field: str) -> AliasChoices:
    """A setting that the ecosystem has a variable for; ``field`` is its name in the file."""
    return AliasChoices(name, field)


class Settings(BaseSettings):
    """All settings of the worker and of the readers. Seconds and tokens are plain numbers."""

    # A variable that is set to nothing counts as not set: compose files and Kubernetes do that.
    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_ignore_empty=True, extra="forbid", frozen=True
    )

    bootstrap_servers: str = Field(
        "127.0.0.1:9092",
        validation_alias=_shared("KAFKA_BOOTSTRAP_SERVERS", "bootstrap_servers"),
        description="Kafka's address: host:port, several separated by commas.",
    )
    security_protocol: Protocol = Field(
        "PLAINTEXT",
        validation_alias=_shared("KAFKA_SECURITY_PROTOCOL", "security_protocol"),
        description="PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL: whether Kafka is spoken to by TLS "
        "(SSL), and whether we sign in (SASL).",
    )
    sasl_mechanism: Mechanism | None = Field(
        None,
        validation_alias=_shared("KAFKA_SASL_MECHANISM", "sasl_mechanism"),
        description="PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER.",
    )
    sasl_username: str | None = Field(
        None,
        validation_alias=_shared("KAFKA_SASL_USERNAME", "sasl_username"),
        description="User for PLAIN and SCRAM.",
    )
    sasl_password: SecretStr | None = Field(
        None,
        validation_alias=_shared("KAFKA_SASL_PASSWORD", "sasl_password"),
        description="Their password.",
    )
    sasl_oauthbearer_token_endpoint_url: str | None = Field(
        None,
        validation_alias=_shared(
            "KAFKA_SASL_OAUTHBEARER_TOKEN_ENDPOINT_URL", "sasl_oauthbearer_token_endpoint_url"
        ),
        description="Where tokens are had by client credentials; `file:///path` is a file with the "
        "token in it, read at each new connection.",
    )
    sasl_oauthbearer_client_id: str | None = Field(
        None,
        validation_alias=_shared("KAFKA_SASL_OAUTHBEARER_CLIENT_ID", "sasl_oauthbearer_client_id"),
        description="Client of the token endpoint.",
    )
    sasl_oauthbearer_client_secret: SecretStr | None = Field(
        None,
        validation_alias=_shared(
            "KAFKA_SASL_OAUTHBEARER_CLIENT_SECRET", "sasl_oauthbearer_client_secret"
        ),
        description="Its secret.",
    )
    sasl_oauthbearer_scope: str | None = Field(
        None,
        validation_alias=_shared("KAFKA_SASL_OAUTHBEARER_SCOPE", "sasl_oauthbearer_scope"),
        description="Scope to ask for.",
    )
    ssl_ca_location: str | None = Field(
        None,
        validation_alias=_shared("KAFKA_SSL_CA_LOCATION", "ssl_ca_location"),
        description="PEM file of the authorities that sign the brokers' certificates; the system's "
        "if not set.",
    )
    ssl_certificate_location: str | None = Field(
        None,
        validation_alias=_shared("KAFKA_SSL_CERTIFICATE_LOCATION", "ssl_certificate_location"),
        description="PEM file of our own certificate, where brokers ask for one (mTLS).",
    )
    ssl_key_location: str | None = Field(
        None,
        validation_alias=_shared("KAFKA_SSL_KEY_LOCATION", "ssl_key_location"),
        description="PEM file of its key, if that is not in the certificate's file.",
    )
    ssl_key_password: SecretStr | None = Field(
        None,
        validation_alias=_shared("KAFKA_SSL_KEY_PASSWORD", "ssl_key_password"),
        description="Password of the key.",
    )
    kafka_client: KafkaClient = Field(
        {},
        validation_alias=AliasChoices(PREFIX + "KAFKA", "kafka", "kafka_client"),
        description="Options of the Kafka clients by librdkafka's names: in the file a table "
        '`[kafka]`, here JSON such as `{"client.rack": "eu-1a"}`.',
    )
    schema_registry_url: str | None = Field(
        None,
        validation_alias=_shared("SCHEMA_REGISTRY_URL", "schema_registry_url"),
        description="Confluent's interface of a schema registry. Schemas of tickets in Confluent's "
        "wire format are looked up there; and routed tickets are written in it, where "
        "`output_format` is avro.",
    )
    schema_registry_user_info: SecretStr | None = Field(
        None,
        validation_alias=_shared(
            "SCHEMA_REGISTRY_BASIC_AUTH_USER_INFO", "schema_registry_user_info"
        ),
        description="Login of the registry: user:password.",
    )
    schema_registry_ca: FilePath | None = Field(
        None,
        validation_alias=_shared("SCHEMA_REGISTRY_SSL_CA_LOCATION", "schema_registry_ca"),
        description="File of the authorities (PEM) that may vouch for the registry.",
    )
    schema_registry_certificate: FilePath | None = Field(
        None,
        validation_alias=_shared(
            "SCHEMA_REGISTRY_SSL_CERTIFICATE_LOCATION", "schema_registry_certificate"
        ),
        description="Our own certificate (PEM) for the registry, if it wants one.",
    )
    schema_registry_key: FilePath | None = Field(
        None,
        validation_alias=_shared("SCHEMA_REGISTRY_SSL_KEY_LOCATION", "schema_registry_key"),
        description="Its key, where that is not in the same file.",
    )
    anthropic_api_key: SecretStr | None = Field(
        None,
        validation_alias=_shared("ANTHROPIC_API_KEY", "anthropic_api_key"),
        description="Key for the Messages API.",
    )
    anthropic_base_url: str | None = Field(
        None,
        validation_alias=_shared("ANTHROPIC_BASE_URL", "anthropic_base_url"),
        description="Another address of the Messages API, without /v1.",
    )

    app_id: TopicName = Field(
        "ticket-streams", description="Consumer group, and prefix of our own topics."
    )
    input_topic: TopicName = Field(
        "tickets", description="Topic of ticket events, and prefix of the category topics."
    )
    output_format: Literal["avro", "json"] = Field(
        "avro",
        description="Routed tickets as Avro (in Confluent's wire format where there is a "
        "registry, else in single-object encoding), or as JSON.",
    )
    subject_strategy: Strategy = Field(
        "TopicName",
        description="Subjects of the registry for routed tickets: one a topic (`<topic>-value`), "
        "one for all (RecordName), or `<topic>-com.ticketstreams.RoutedTicket` (TopicRecordName).",
    )
    auto_register_schemas: bool = Field(
        True, description="Register our schema there; else it must be there before the start."
    )
    output_topic: TopicName | None = Field(
        None,
        description="One topic for all routed tickets, whose header `ticket-streams.category` "
        "tells the category; a category with a topic of its own keeps it.",
    )
    output_headers: OutputHeaders = Field(
        {},
        description="Headers that every routed ticket gets besides: in the file a table "
        '`[output_headers]`, here JSON such as `{"team": "support"}`.',
    )
    categories: Categories = Field(
        DEFAULT,
        description="What tickets are sorted into, besides unknown: in the file one "
        "`[[categories]]` each, with name, description, examples and topic; here JSON, or names "
        "separated by commas.",
    )

    mapping: Mapped = Field(
        None,
        description="Where a ticket's fields stand in events of another shape: a ready-made "
        "mapping (`ticket-streams mapping show` lists them), or in the file a table `[mapping]` "
        "with JMESPath expressions id, text, subject, customer_id, channel, created_at, filter and "
        "root; here JSON. docs/mapping.md.",
    )
    filter: JmesPath = Field(
        None,
        description="JMESPath expression that is true for events that are tickets; the others are "
        "skipped. In place of the mapping's own.",
    )
    tombstones: Literal["dead_letter", "skip"] = Field(
        "dead_letter", description="What becomes of events without a value."
    )
    updates: Literal["each", "latest"] = Field(
        "each",
        description="Events with the same ticket id: each is classified, or of those that wait in "
        "a partition at the same time only the last; the others are skipped.",
    )
    output_envelope: Literal["none", "cloudevents"] = Field(
        "none", description="Routed tickets as CloudEvents in binary mode: `ce_` headers."
    )

    model: str = Field("claude-haiku-5-5", description="Model that classifies. It needs a price.")
    escalation_model: str = Field(
        "claude-sonnet-5-5",
        description="Model that is asked where the first one is unsure or gives no usable answer. "
        'It needs a price; "none" asks nobody.',
    )
    escalation_threshold: float = Field(
        0.65, ge=0, le=1, description="Confidence below which the escalation model is asked."
    )
    escalation_cap: float = Field(
        0.1, ge=0, le=1, description="Largest share of the tickets that it is asked about."
    )
    prices_file: PricesFile | None = Field(
        None,
        description="TOML file of prices, in the form of streams/claude/prices.toml: its entries "
        "add to ours, and one without `since` replaces all of its model's.",
    )
    batch_size: int = Field(
        25, ge=1, le=100, description="Most tickets that share one call; 1 asks one at a time."
    )
    batch_tokens: int = Field(
        30_000,
        ge=1_000,
        le=90_000,
        description="Most input tokens of a shared call, by a cautious estimate; a single ticket "
        "may have more.",
    )
    max_tokens: int = Field(
        100,
        ge=32,
        le=4096,
        description="Most output tokens for one ticket, which takes about 15; a shared call has "
        "40 for each further one.",
    )
    max_text_chars: int = Field(
        8_000, ge=200, description="Longer texts are cut in the middle for the prompt."
    )
    duplicate_seconds: int = Field(
        3_600,
        ge=0,
        le=86_400,
        description="How long a finished answer is given to an identical ticket of its partition "
        "again, without a call; 0 asks each time.",
    )
    call_timeout: float = Field(30.0, gt=0, description="Seconds until a call is given up.")
    max_calls: int = Field(
        50,
        ge=1,
        le=2_000,
        description="Most calls in flight in one worker. Tickets share a call when all are in use: "
        "fewer calls are cheaper, more are faster.",
    )
    requests_per_minute: int | None = Field(
        None, ge=1, description="Most calls a minute of each model; the API's own limit if not set."
    )
    input_tokens_per_minute: int | None = Field(
        None, ge=1_000, description="The same for input tokens."
    )
    output_tokens_per_minute: int | None = Field(
        None, ge=1_000, description="The same for output tokens."
    )
    answer_attempts: int = Field(
        2,
        ge=1,
        le=10,
        description="Most calls for a ticket alone until it is unknown; the first of two tiers "
        "has one.",
    )
    retry_max_wait: float = Field(
        30.0, gt=0, description="Longest pause in seconds between tries while the API fails."
    )
    max_pending: int = Field(
        4_000, ge=1, description="Most tickets read but not yet committed in one worker."
    )
    order_by_key: bool = Field(
        True, description="Release tickets of one key to their topic in the order they came."
    )

    dead_letter_share: float = Field(
        0.5,
        gt=0,
        le=1,
        description="Share of dead letters among the last tickets above which the worker stops; "
        "1 never does.",
    )
    dead_letter_least: int = Field(
        50,
        ge=1,
        description="Dead letters it takes at least; about as many more after each restart.",
    )

    window_seconds: int = Field(60, ge=1, le=86_400, description="Length of a window of the books.")
    window_retention_hours: int = Field(
        48,
        ge=1,
        description="How long rows stay in windows shorter than an hour; then they move into their "
        "hour.",
    )
    hour_retention_days: int = Field(
        62, ge=1, description="How long rows stay in their hour; then they move into their day."
    )
    day_retention_days: int = Field(
        800, ge=31, description="How long rows stay in their day (UTC); then they are deleted."
    )
    books_field: Literal["customer_id", "channel"] | None = Field(
        None, description="Field of the ticket by which the books tell spend apart, too."
    )
    books_field_values: int = Field(
        100,
        ge=1,
        le=10_000,
        description="Values of it that a day has of its own in each partition of the input topic; "
        "what comes later is `other`.",
    )

    budget_per_hour: Dollars | None = Field(
        None, description="Most dollars that all workers together spend in an hour (UTC)."
    )
    budget_per_day: Dollars | None = Field(None, description="The same for a day.")
    budget_per_month: Dollars | None = Field(None, description="The same for a month.")
    budget_warn: Decimal = Field(
        Decimal("0.8"), gt=0, le=1, description="Share of a budget at which a line is logged."
    )
    budget_action: Literal["wait", "no_escalation", "unknown"] = Field(
        "wait",
        description="When one of these is used up: tickets wait until the next hour, day or month; "
        "or only the escalation model is asked no more, and the first one goes on; or tickets "
        "become unknown without a call, with the reason budget.",
    )
    budgets: Budgets = Field(
        (),
        description="More budgets, also for one category or one value: in the file one "
        "`[[budgets]]` each, with period, dollars, category, value, warn, action and name; here "
        "JSON.",
    )

    session_timeout: float = Field(
        10.0, ge=6, le=300, description="Seconds until Kafka gives up a silent worker."
    )
    group_instance_id: GroupInstance | None = Field(
        None,
        description="Static membership: a name of its own for each worker, the same after its "
        "restart. Then a restart within the session timeout moves no partition.",
    )
    stop_grace: float = Field(
        4.0, ge=0, le=60, description="Seconds in which calls in flight may finish on a stop."
    )
    stall_limit: float = Field(
        120.0, ge=10, description="Seconds without progress until the worker exits to be restarted."
    )

    worker_host: str = Field(
        "127.0.0.1", description="Where the worker's /livez and /readyz listen."
    )
    worker_port: int = Field(8081, ge=0, le=65_535, description="Their port; 0 takes a free one.")
    dashboard_host: str = Field("127.0.0.1", description="Where the dashboard listens.")
    dashboard_port: int = Field(8080, ge=0, le=65_535, description="Its port; 0 takes a free one.")
    dashboard_token: SecretStr | None = Field(
        None,
        min_length=12,
        description="What a reader of the dashboard must know: as the password that a browser asks "
        "for, with any name, or as a bearer token. Needed where it listens beyond this machine.",
    )
    dashboard_show_text: bool = Field(
        False,
        description="Whether the dashboard's last tickets come with their id and the beginning of "
        "their text.",
    )

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="Least severe messages written to the log."
    )
    log_format: Literal["text", "json"] = Field(
        "text", description="Log lines for people, or JSON: one object a line."
    )

    @field_validator("anthropic_base_url", "schema_registry_url")
    @classmethod
    def _url(cls, url: str | None) -> str | None:
        if url and not url.startswith(("http://", "https://")):
            raise ValueError("must begin with http:// or https://")
        return url

    @field_validator("schema_registry_user_info")
    @classmethod
    def _login(cls, login: SecretStr | None) -> SecretStr | None:
        if login and ":" not in login.get_secret_value():
            raise ValueError("must be user:password")
        return login

    @field_validator("anthropic_base_url")
    @classmethod
    def _without_v1(cls, url: str | None) -> str | None:
        if url and url.rstrip("/").endswith("/v1"):
            raise ValueError("must not end in /v1: the client adds it")
        return url

    @model_validator(mode="after")
    def _topics(self) -> Self:
        Topics.of(self).check()
        return self

    @model_validator(mode="after")
    def _access(self) -> Self:
        _ = self.kafka
        return self

    @cached_property
    def kafka(self) -> Kafka:
        """Kafka's address and how to sign in there, for every client of ours."""
        return kafka_of(self)

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """A copy with other values, which are not checked."""
        copied = super().model_copy(update=update, deep=deep)
        copied.__dict__.pop("kafka", None)  # its own, not ours
        return copied

    @model_validator(mode="after")
    def _budgets(self) -> Self:
        """A budget's period must hold whole windows. The tables keep all of it: in its hours and
        days, once its windows are over."""
        short = {f"budget_per_{limit.period}": limit for limit in self._short_budgets}
        listed = {f"budgets: entry {n}": limit for n, limit in enumerate(self.budgets, 1)}
        known = names(self.categories)
        for name, limit in {**short, **listed}.items():
            field, _, entry = name.partition(":")
            setting = variable(field) + (entry and ":") + entry
            if PERIODS[limit.period] % self.window_seconds:
                raise ValueError(
                    f"{variable('window_seconds')}: no whole number of them is a period of "
                    f"{setting} (is {self.window_seconds})"
                )
            if limit.category is not None and limit.category not in known:
                raise ValueError(f"{setting}: there is no category {limit.category!r}")
            if limit.value is not None and self.books_field is None:
                raise ValueError(
                    f"{setting}: a value needs {variable('books_field')}, the field that it is of"
                )
        for limit in self.budgets:
            if limit.scope == WHOLE and f"budget_per_{limit.period}" in short:
                raise ValueError(
                    f"{variable('budgets')}: there is {variable('budget_per_' + limit.period)} "
                    f"for each {limit.period} already"
                )
        return self

    @property
    def skips(self) -> bool:
        """Whether there may be events that are finished without a result."""
        filtered = self.filter or (self.mapping and self.mapping.whole().filter)
        return bool(filtered) or self.tombstones == "skip" or self.updates == "latest"

    @property
    def retention(self) -> Retention:
        """How long rows of the books stay where they are."""
        days = self.hour_retention_days, self.day_retention_days
        return Retention(self.window_retention_hours * HOUR, *(number * DAY for number in days))

    @property
    def _short_budgets(self) -> list[Limit]:
        """Those that have a setting of their own."""
        given: dict[Period, Decimal | None] = {
            "hour": self.budget_per_hour,
            "day": self.budget_per_day,
            "month": self.budget_per_month,
        }
        return [
            Limit(
                period,
                dollars,
                warn=self.budget_warn,
                action=self.budget_action,
                name=f"budget_per_{period}",
            )
            for period, dollars in given.items()
            if dollars is not None
        ]

    @property
    def limits(self) -> tuple[Limit, ...]:
        """All budgets."""
        return (*self._short_budgets, *self.budgets)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments, then the environment, then the file."""
        del dotenv_settings, file_secret_settings
        toml = TomlConfigSettingsSource(settings_cls, toml_file=settings_file())
        return init_settings, env_settings, toml

    @property
    def lease(self) -> float:
        """Seconds the event loop may stand still before the worker must not call any more.

        Well below the session timeout: after that the partitions may have another owner.
        """
        return 0.4 * self.session_timeout


def settings_file() -> Path:
    """Where the settings file is, or would be."""
    return Path(os.environ.get(PREFIX + "CONFIG", "ticket-streams.toml"))


def variable(field: str) -> str:
    """The environment variable that sets ``field``."""
    alias = Settings.model_fields[field].validation_alias
    if isinstance(alias, AliasChoices):
        return str(alias.choices[0])
    return PREFIX + field.upper()


SECRETS = {
    name for name, field in Settings.model_fields.items() if SecretStr in get_args(field.annotation)
}
"""Settings that are shown to nobody."""

KNOWN = {
    *(variable(field) for field in Settings.model_fields),
    # Where files are, rather than how to work: read before, or elsewhere.
    *(PREFIX + name for name in ("CONFIG", "CACHE_DIR", "MAVEN_REPOSITORY")),
}


def load_settings(**changes: object) -> Settings:
    """Settings from the environment and the file, with ``changes`` on top.

    Raises SettingsError: one line that names the first setting that is wrong.
    """
    named = os.environ.get(PREFIX + "CONFIG")
    if named and not Path(named).is_file():
        raise SettingsError(f"{PREFIX}CONFIG names {named}, and there is no such file")
    for name in os.environ:
        if name.startswith(PREFIX) and name not in KNOWN:
            near = difflib.get_close_matches(name, KNOWN, n=1)
            raise SettingsError(f"{name}: no such setting" + (f", {near[0]}?" if near else ""))
    try:
        return Settings(**changes)  # type: ignore[arg-type]
    except ValidationError as error:
        raise SettingsError(_one_line(error.errors()[0])) from None
    except ValueError as error:  # a broken TOML file
        raise SettingsError(f"{PREFIX}CONFIG: the settings file cannot be read: {error}") from None


def _one_line(error: ErrorDetails) -> str:
    message = error["msg"].removeprefix("Value error, ")
    if not error["loc"]:  # settings that do not fit together: it names one itself
        return message
    field = str(error["loc"][0])
    if error["type"] == "extra_forbidden":
        return f"{field}: there is no such setting"
    name = variable(field) if field in Settings.model_fields else field
    where = [f"entry {at + 1}" if isinstance(at, int) else at for at in error["loc"][1:]]
    if error["type"] == "unexpected_keyword_argument":
        message = "there is no such field"
    # Keys, and addresses that may hold a password, are not repeated.
    secret = (
        field not in Settings.model_fields
        or field in SECRETS
        or field.endswith(("_url", "_user_info", "_token"))
    )
    given = "" if secret else f" (is {_cut(repr(error['input']))})"
    return f"{': '.join([name, *where])}: {message}{given}"


def _cut(text: str) -> str:
    return text if len(text) <= MOST_REPEATED else text[:MOST_REPEATED] + "..."


def to_environment(settings: Settings) -> dict[str, str]:
    """This process's environment, with ``settings`` for a process of our own to be started with."""
    given = settings.model_dump(exclude_unset=True)
    return {**os.environ, **{variable(name): _as_text(value) for name, value in given.items()}}


def _as_text(value: Any) -> str:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, list | tuple | dict):
        return json.dumps(value, default=str)
    return "" if value is None else str(value)
