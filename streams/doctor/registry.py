"""The schema registry, where one is set."""

import json

import aiohttp

from streams.doctor.finding import Finding
from streams.settings import Settings, variable

SECONDS = 10.0


async def check_registry(settings: Settings) -> list[Finding]:
    """Asks it for its list of subjects; its address may hold a password and is not repeated."""
    name = variable("schema_registry_url")
    if settings.schema_registry_url is None:
        return []
    url = f"{settings.schema_registry_url.rstrip('/')}/subjects"
    waits = "tickets in Confluent's wire format wait for it"
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=SECONDS)) as session,
            session.get(url) as response,
        ):
            status, body = response.status, await response.read()
    except (aiohttp.ClientError, TimeoutError):
        what = f"{name}: the schema registry does not answer"
        return [Finding("registry", "wrong", what, waits)]
    if status in (401, 403):
        what = f"{name}: the registry asks for another login ({status})"
        return [Finding("registry", "wrong", what, waits)]
    try:
        subjects = json.loads(body)
    except ValueError:
        subjects = None
    if status != 200 or not isinstance(subjects, list):
        what = f"{name}: what answers there is no schema registry (HTTP {status})"
        return [Finding("registry", "wrong", what, waits)]
    return [Finding("registry", "ok", f"the schema registry has {len(subjects)} subjects")]
