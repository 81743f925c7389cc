"""How we sign in to Kafka, and what we may do there. Pure."""

from collections.abc import Collection, Iterator
from urllib.parse import urlsplit

from streams.access.acls import Acl, Role, commands
from streams.access.denial import principal_of
from streams.doctor.finding import Finding
from streams.settings import Settings

LOCAL = ("127.0.0.1", "::1", "localhost")


def check_rights(settings: Settings, role: Role, lacking: Collection[Acl]) -> list[Finding]:
    """``lacking`` is what Kafka denies of what ``role`` needs."""
    return [*_rights(settings, role, lacking), *_ways(settings)]


def _rights(settings: Settings, role: Role, lacking: Collection[Acl]) -> Iterator[Finding]:
    if not lacking:
        yield Finding("access", "ok", f"Kafka allows all that a {role} needs")
        return
    what = f"Kafka denies what a {role} needs: {', '.join(map(str, lacking))}"
    grant = commands(lacking, principal_of(settings), settings.bootstrap_servers)
    yield Finding("access", "wrong", what, f"grant it with {' && '.join(grant)}")


def _ways(settings: Settings) -> Iterator[Finding]:
    hosts = {urlsplit(f"//{one.strip()}").hostname for one in settings.bootstrap_servers.split(",")}
    if settings.security_protocol in ("PLAINTEXT", "SASL_PLAINTEXT") and not hosts <= set(LOCAL):
        what = f"KAFKA_SECURITY_PROTOCOL is {settings.security_protocol}"
        if settings.sasl_mechanism == "PLAIN":
            tip = "the password goes over the network as it is: use SASL_SSL"
            yield Finding("access", "warn", what, tip)
        else:
            tip = "tickets go over the network unencrypted: use SSL or SASL_SSL"
            yield Finding("access", "warn", what, tip)
