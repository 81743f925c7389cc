"""How every client of ours reaches Kafka: one address, one set of arguments for all of them."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # settings are checked with this module
    from streams.settings import Settings


@dataclass(frozen=True, slots=True)
class Kafka:
    """An address, and how to sign in there. Shown it is the address only, never a secret."""

    servers: str
    """``host:port``, several separated by commas."""
    security: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """Arguments of aiokafka's clients; empty without TLS and SASL."""

    def __str__(self) -> str:
        return self.servers


Address = Kafka | str
"""A plain string is a broker that asks for nothing, as the embedded one."""


def client_arguments(address: Address) -> dict[str, Any]:
    """What each client of aiokafka is given: consumers, producers, administration."""
    if isinstance(address, str):
        return {"bootstrap_servers": address}
    return {"bootstrap_servers": address.servers, **address.security}


def kafka_of(settings: "Settings") -> Kafka:
    """The address of these settings. Raises ValueError, which names the setting to change."""
    protocol = settings.security_protocol
    security: dict[str, Any] = {}
    if protocol != "PLAINTEXT":
        security["security_protocol"] = protocol
    if protocol.endswith("SSL"):
        # Here and below: settings without Kafka must not wait until all of aiokafka is loaded.
        from streams.access.hang_up import hang_up_at_once  # noqa: PLC0415

        hang_up_at_once()
        security["ssl_context"] = _tls(settings)
    if protocol.startswith("SASL_"):
        security |= _sasl(settings)
    return Kafka(settings.bootstrap_servers, security)


def _tls(settings: "Settings") -> ssl.SSLContext:
    """Certificates are always checked, and that they are the host's."""
    authority = settings.ssl_ca_location
    try:
        context = ssl.create_default_context(cafile=authority)
    except OSError as error:  # of which ssl.SSLError is one
        raise _unusable("KAFKA_SSL_CA_LOCATION", authority, error) from None
    certificate, key = settings.ssl_certificate_location, settings.ssl_key_location
    if certificate is None:
        if key is not None:
            raise ValueError(
                "KAFKA_SSL_CERTIFICATE_LOCATION: is needed with KAFKA_SSL_KEY_LOCATION"
            )
        return context
    password = settings.ssl_key_password
    try:
        # Without a password OpenSSL would ask the terminal for one.
        given = password.get_secret_value() if password else ""
        context.load_cert_chain(certificate, key, password=lambda: given)
    except (OSError, ValueError) as error:
        name = "KAFKA_SSL_CERTIFICATE_LOCATION, KAFKA_SSL_KEY_LOCATION or KAFKA_SSL_KEY_PASSWORD"
        raise _unusable(name, certificate, error) from None
    return context


def _unusable(name: str, file: str | None, error: Exception) -> ValueError:
    why = getattr(error, "strerror", None) or type(error).__name__
    return ValueError(f"{name}: {file} cannot be used ({why})")


def _sasl(settings: "Settings") -> dict[str, Any]:
    mechanism = settings.sasl_mechanism
    if mechanism is None:
        raise ValueError(f"KAFKA_SASL_MECHANISM: is needed with {settings.security_protocol}")
    if mechanism == "OAUTHBEARER":
        from streams.access.tokens import tokens_of  # noqa: PLC0415

        tokens = tokens_of(settings)
        return {"sasl_mechanism": mechanism, "sasl_oauth_token_provider": tokens}
    user, password = settings.sasl_username, settings.sasl_password
    if not user or password is None:
        missing = "KAFKA_SASL_PASSWORD" if user else "KAFKA_SASL_USERNAME"
        raise ValueError(f"{missing}: is needed with {mechanism}")
    return {
        "sasl_mechanism": mechanism,
        "sasl_plain_username": user,
        "sasl_plain_password": password.get_secret_value(),
    }
