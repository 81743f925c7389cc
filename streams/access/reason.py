"""Why Kafka does not let us in. aiokafka says only that no broker could be reached."""

import ssl

from aiokafka.conn import collect_hosts, create_conn
from aiokafka.errors import (
    IllegalSaslStateError,
    KafkaConnectionError,
    KafkaError,
    SaslAuthenticationFailed,
    UnsupportedSaslMechanismError,
)
from aiokafka.protocol.metadata import MetadataRequest

from streams.access.connection import Address, Kafka
from streams.access.tokens import TokenError

SECONDS = 5.0


async def why_not(address: Address) -> str | None:
    """One line that names the setting to change; None where the way there is the trouble."""
    if isinstance(address, str):
        return None
    try:
        await _try(address)
    except (KafkaError, OSError, TimeoutError) as error:
        return explained(error, address)
    return None


async def _try(address: Kafka) -> None:
    first = address.servers.split(",")[0].strip()
    [(host, port, _)] = collect_hosts(first, randomize=False)
    timeout = SECONDS * 1000
    connection = await create_conn(host, port, request_timeout_ms=timeout, **address.security)
    try:
        await connection.send(MetadataRequest([]))
    finally:
        connection.close()


def explained(error: BaseException, address: Kafka) -> str | None:
    """What an error of one connection means. Pure."""
    mechanism = address.security.get("sasl_mechanism")
    kafka, said = f"Kafka at {address}", None
    match error:
        case TokenError():
            said = str(error.args[0])
        case SaslAuthenticationFailed() if mechanism == "OAUTHBEARER":
            said = f"{kafka} does not accept the token"
        case SaslAuthenticationFailed():
            names = "KAFKA_SASL_USERNAME, KAFKA_SASL_PASSWORD and KAFKA_SASL_MECHANISM"
            said = f"{kafka} refuses the sign-in: are {names} right?"
        case UnsupportedSaslMechanismError():
            said = f"KAFKA_SASL_MECHANISM: {kafka} does not offer {mechanism}"
        case IllegalSaslStateError():
            said = f"KAFKA_SECURITY_PROTOCOL: {kafka} asks for no sign-in"
        case ssl.SSLCertVerificationError():
            why = error.verify_message
            said = f"KAFKA_SSL_CA_LOCATION: the certificate of {kafka} is not trusted ({why})"
        case KafkaConnectionError():  # with a connection made: without, it is an OSError
            protocol = address.security.get("security_protocol", "PLAINTEXT")
            names = f"KAFKA_BOOTSTRAP_SERVERS and KAFKA_SECURITY_PROTOCOL ({protocol})"
            said = f"what listens at {address} hangs up on us: are {names} right?"
        case ssl.SSLError():
            said = f"KAFKA_SECURITY_PROTOCOL: {kafka} does not speak TLS with us ({error.reason})"
    return said
