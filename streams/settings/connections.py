"""Settings of where Kafka, the schema registry and Claude's API are, and how to sign in there."""

from typing import Any

from pydantic import AliasChoices, BaseModel, Field, FilePath, SecretStr, field_validator

from streams.settings.values import PREFIX, KafkaClient, Mechanism, Protocol


def _shared(variable: str, field: str, description: str, default: str | None = None) -> Any:
    """A setting that the ecosystem has a variable for; ``field`` is its name in the file."""
    alias = AliasChoices(variable, field)
    return Field(default, validation_alias=alias, description=description)


class Connections(BaseModel):
    """What we connect to."""

    bootstrap_servers: str = _shared(
        "KAFKA_BOOTSTRAP_SERVERS",
        "bootstrap_servers",
        "Kafka's address: host:port, several separated by commas.",
        default="127.0.0.1:9092",
    )
    security_protocol: Protocol = _shared(
        "KAFKA_SECURITY_PROTOCOL",
        "security_protocol",
        "PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL: whether Kafka is spoken to by TLS "
        "(SSL), and whether we sign in (SASL).",
        default="PLAINTEXT",
    )
    sasl_mechanism: Mechanism | None = _shared(
        "KAFKA_SASL_MECHANISM",
        "sasl_mechanism",
        "PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER.",
    )
    sasl_username: str | None = _shared(
        "KAFKA_SASL_USERNAME", "sasl_username", "User for PLAIN and SCRAM."
    )
    sasl_password: SecretStr | None = _shared(
        "KAFKA_SASL_PASSWORD", "sasl_password", "Their password."
    )
    sasl_oauthbearer_token_endpoint_url: str | None = _shared(
        "KAFKA_SASL_OAUTHBEARER_TOKEN_ENDPOINT_URL",
        "sasl_oauthbearer_token_endpoint_url",
        "Where tokens are had by client credentials; `file:///path` is a file with the "
        "token in it, read at each new connection.",
    )
    sasl_oauthbearer_client_id: str | None = _shared(
        "KAFKA_SASL_OAUTHBEARER_CLIENT_ID",
        "sasl_oauthbearer_client_id",
        "Client of the token endpoint.",
    )
    sasl_oauthbearer_client_secret: SecretStr | None = _shared(
        "KAFKA_SASL_OAUTHBEARER_CLIENT_SECRET", "sasl_oauthbearer_client_secret", "Its secret."
    )
    sasl_oauthbearer_scope: str | None = _shared(
        "KAFKA_SASL_OAUTHBEARER_SCOPE", "sasl_oauthbearer_scope", "Scope to ask for."
    )
    ssl_ca_location: str | None = _shared(
        "KAFKA_SSL_CA_LOCATION",
        "ssl_ca_location",
        "PEM file of the authorities that sign the brokers' certificates; the system's if not set.",
    )
    ssl_certificate_location: str | None = _shared(
        "KAFKA_SSL_CERTIFICATE_LOCATION",
        "ssl_certificate_location",
        "PEM file of our own certificate, where brokers ask for one (mTLS).",
    )
    ssl_key_location: str | None = _shared(
        "KAFKA_SSL_KEY_LOCATION",
        "ssl_key_location",
        "PEM file of its key, if that is not in the certificate's file.",
    )
    ssl_key_password: SecretStr | None = _shared(
        "KAFKA_SSL_KEY_PASSWORD", "ssl_key_password", "Password of the key."
    )
    kafka_client: KafkaClient = Field(
        {},
        validation_alias=AliasChoices(PREFIX + "KAFKA", "kafka", "kafka_client"),
        description="Options of the Kafka clients by librdkafka's names: in the file a table "
        '`[kafka]`, here JSON such as `{"client.rack": "eu-1a"}`.',
    )
    schema_registry_url: str | None = _shared(
        "SCHEMA_REGISTRY_URL",
        "schema_registry_url",
        "Confluent's interface of a schema registry. Schemas of tickets in Confluent's "
        "wire format are looked up there; and routed tickets are written in it, where "
        "`output_format` is avro.",
    )
    schema_registry_user_info: SecretStr | None = _shared(
        "SCHEMA_REGISTRY_BASIC_AUTH_USER_INFO",
        "schema_registry_user_info",
        "Login of the registry: user:password.",
    )
    schema_registry_ca: FilePath | None = _shared(
        "SCHEMA_REGISTRY_SSL_CA_LOCATION",
        "schema_registry_ca",
        "File of the authorities (PEM) that may vouch for the registry.",
    )
    schema_registry_certificate: FilePath | None = _shared(
        "SCHEMA_REGISTRY_SSL_CERTIFICATE_LOCATION",
        "schema_registry_certificate",
        "Our own certificate (PEM) for the registry, if it wants one.",
    )
    schema_registry_key: FilePath | None = _shared(
        "SCHEMA_REGISTRY_SSL_KEY_LOCATION",
        "schema_registry_key",
        "Its key, where that is not in the same file.",
    )
    anthropic_api_key: SecretStr | None = _shared(
        "ANTHROPIC_API_KEY", "anthropic_api_key", "Key for the Messages API."
    )
    anthropic_base_url: str | None = _shared(
        "ANTHROPIC_BASE_URL",
        "anthropic_base_url",
        "Another address of the Messages API, without /v1.",
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
