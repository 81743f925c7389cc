"""What to say where Kafka denies us something: which rights are missing, and how to grant them."""

from collections.abc import Collection

from aiokafka.errors import KafkaError

from streams.access.acls import Acl, Role, commands, least
from streams.access.rights import missing
from streams.audit.topic_admin import TopicsError, open_admin
from streams.settings import Settings


def principal_of(settings: Settings) -> str:
    """As ``kafka-acls`` calls us, as far as can be told from here."""
    name = settings.sasl_username
    return f"User:{name}" if name else "User:NAME"


def denial(settings: Settings, lacking: Collection[Acl]) -> str:
    """One line: what is denied, and the commands that grant it."""
    what = ", ".join(map(str, lacking))
    how = " && ".join(commands(lacking, principal_of(settings), settings.bootstrap_servers))
    return f"Kafka denies this user {what}: grant it with {how}"


async def find_denial(settings: Settings, role: Role) -> str | None:
    """The line, if ``role`` lacks anything; None too where Kafka cannot be asked."""
    if not settings.kafka.security:
        return None
    try:
        async with open_admin(settings.kafka) as admin:
            lacking = await missing(admin, least(role, settings))
    except (TopicsError, KafkaError):
        return None
    return denial(settings, lacking) if lacking else None
