"""The schema registry, where one is set."""

from collections.abc import AsyncIterator

from streams.doctor.finding import Finding
from streams.events.input_schema import look_at_input
from streams.events.output_schema import State, conflicting, look, subjects, unregistered
from streams.events.registry_client import RegistryAwayError, RegistryClient, RegistryRefusedError
from streams.events.topics import Topics
from streams.mapping.by_topic import named_inputs
from streams.settings import Settings, variable

WAITS = (
    "tickets in Confluent's wire format wait for it, and a worker that writes Avro needs it to "
    "start"
)


async def check_registry(settings: Settings) -> list[Finding]:
    """Asks it for its subjects, and how our schema of routed tickets stands there. Its address may
    hold a password and is not repeated; nothing is registered."""
    name = variable("schema_registry_url")
    try:
        client = RegistryClient.of(settings)
        if client is None:
            return []
        found = await client.get("subjects")
        if not isinstance(found, list):
            what = f"{name}: what answers there is no schema registry"
            return [Finding("registry", "wrong", what, WAITS)]
        ok = Finding("registry", "ok", f"the schema registry has {len(found)} subjects")
        said = [finding async for finding in _output(client, settings)]
        return [ok, *await _inputs(client, settings), *said]
    except ValueError as error:
        return [Finding("registry", "wrong", str(error), WAITS)]
    except (RegistryAwayError, RegistryRefusedError) as error:
        what = f"{name}: the schema registry cannot be used: {error}"
        return [Finding("registry", "wrong", what, WAITS)]


async def _inputs(client: RegistryClient, settings: Settings) -> list[Finding]:
    return [
        finding
        for topic, mapped in named_inputs(settings).items()
        for finding in await _input(client, topic, mapped=mapped)
    ]


async def _input(client: RegistryClient, topic: str, *, mapped: bool) -> list[Finding]:
    subject = await look_at_input(client, topic, mapped=mapped)
    if subject.refused is not None:
        return [Finding("registry", "wrong", subject.refused)]
    if subject.warnings:
        tip = "mend the producer that uses it, or set the subject's compatibility"
        return [Finding("registry", "warn", warning, tip) for warning in subject.warnings]
    if subject.versions:
        what = f"subject {subject.name}: what producers may write can be read"
        return [Finding("registry", "ok", what)]
    return []


async def _output(client: RegistryClient, settings: Settings) -> AsyncIterator[Finding]:
    if settings.output_format != "avro":
        return
    for subject in subjects(Topics.of(settings), settings.subject_strategy):
        yield _finding(await look(client, subject), auto_register=settings.auto_register_schemas)


def _finding(state: State, *, auto_register: bool) -> Finding:
    if state.conflict is not None:
        return Finding("registry", "wrong", conflicting(state))
    if state.schema_id is not None:
        what = f"subject {state.subject} has our schema of routed tickets, id {state.schema_id}"
        return Finding("registry", "ok", what)
    if auto_register:
        what = f"subject {state.subject}: a worker will register our schema of routed tickets"
        return Finding("registry", "ok", what)
    return Finding("registry", "wrong", unregistered(state))
