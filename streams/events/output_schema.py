"""Our schema of routed tickets in a registry: under which subjects, and with which id."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from streams.events.encode import EncoderByCategory, RoutedEncoder, confluent_encoder
from streams.events.registry_client import (
    RegistryAwayError,
    RegistryClient,
    RegistryRefusedError,
)
from streams.events.schemas import ROUTED
from streams.events.subjects import Strategy, subject_of
from streams.events.topics import Topics

MOST_SAID = 300
"""Characters of the registry's own words that are repeated."""


class OutputSchemaError(Exception):
    """Routed tickets cannot be written with this registry: one line that says what to change."""


@dataclass(frozen=True, slots=True)
class State:
    """Our schema under one subject."""

    subject: str
    schema_id: int | None
    """None where it is not registered there."""
    conflict: str | None = None
    """Why the registry would not take it."""


async def look(client: RegistryClient, subject: str) -> State:
    """How it is; changes nothing. Raises RegistryAwayError."""
    try:
        answer = await client.post("subjects", subject, body=_BODY)
    except RegistryRefusedError as error:
        if not error.missing:
            return State(subject, None, _cut(str(error)))
    else:
        return State(subject, _id(answer))
    return State(subject, None, await _conflict(client, subject))


async def register(client: RegistryClient, subject: str) -> int:
    """Its id under this subject, where it is registered if it was not. Raises RegistryAwayError,
    and OutputSchemaError where it does not fit what is there."""
    state = await look(client, subject)
    if state.schema_id is not None:
        return state.schema_id
    if state.conflict is not None:
        raise OutputSchemaError(conflicting(state))
    try:
        return _id(await client.post("subjects", subject, "versions", body=_BODY))
    except RegistryRefusedError as error:  # another was faster, or may write what we may not
        raise OutputSchemaError(conflicting(State(subject, None, _cut(str(error))))) from None


def conflicting(state: State) -> str:
    """For people: the registry would not take our schema."""
    return (
        f"TICKET_STREAMS_SUBJECT_STRATEGY: the registry does not take our schema of routed tickets "
        f"under the subject {state.subject} ({state.conflict}): another strategy names another "
        "subject, or change the compatibility of that one"
    )


def unregistered(state: State) -> str:
    """For people: nobody registered our schema, and we may not."""
    return (
        "TICKET_STREAMS_AUTO_REGISTER_SCHEMAS is false and the subject "
        f"{state.subject} has no version that is our schema of routed tickets: register "
        "schemas/routed_ticket.avsc there, or set it to true"
    )


async def registered_encoder(
    client: RegistryClient, topics: Topics, strategy: Strategy, *, auto_register: bool
) -> RoutedEncoder:
    """Writes routed tickets in Confluent's format; what it needs is asked for here, once.

    Raises RegistryAwayError and OutputSchemaError.
    """
    ids: dict[str, int] = {}
    for subject in subjects(topics, strategy):
        if auto_register:
            ids[subject] = await register(client, subject)
            continue
        state = await look(client, subject)
        if state.schema_id is None:
            raise OutputSchemaError(unregistered(state))
        ids[subject] = state.schema_id
    return _encoder(
        {
            category: ids[subject_of(topic, ROUTED.name, strategy)]
            for category, topic in topics.categories.items()
        }
    )


def subjects(topics: Topics, strategy: Strategy) -> Iterable[str]:
    """The subjects of all category topics, each once."""
    return dict.fromkeys(
        subject_of(topic, ROUTED.name, strategy) for topic in topics.categories.values()
    )


def _encoder(ids: Mapping[str, int]) -> RoutedEncoder:
    if len(set(ids.values())) == 1:  # as most registries have it: one schema, one id
        return confluent_encoder(next(iter(ids.values())))
    return EncoderByCategory({category: confluent_encoder(n) for category, n in ids.items()})


_BODY = {"schema": ROUTED.text, "schemaType": "AVRO"}


async def _conflict(client: RegistryClient, subject: str) -> str | None:
    try:
        answer = await client.post(
            "compatibility", "subjects", subject, "versions", "latest", body=_BODY, verbose="true"
        )
    except RegistryRefusedError as error:
        return None if error.missing else _cut(str(error))  # missing: no version to fit yet
    if not isinstance(answer, dict) or "is_compatible" not in answer:
        raise RegistryAwayError("this is no answer of a schema registry")
    if answer["is_compatible"]:
        return None
    said = answer.get("messages")
    return _cut(str(said[0])) if isinstance(said, list) and said else "it is not compatible"


def _id(answer: Any) -> int:
    if not isinstance(answer, dict) or not isinstance(answer.get("id"), int):
        raise RegistryAwayError("this is no answer of a schema registry")
    return int(answer["id"])


def _cut(text: str) -> str:
    one_line = " ".join(text.split())
    return one_line if len(one_line) <= MOST_SAID else one_line[:MOST_SAID] + "..."
