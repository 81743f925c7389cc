"""This machine: ports, the settings file, the versions of what is installed."""

import os
import tomllib
from collections.abc import Iterator
from pathlib import Path

import aiohttp

from streams.delivery.faust_door import misfits
from streams.doctor.finding import Finding
from streams.preflight import PreflightError, check_port
from streams.settings import PREFIX, SECRETS, Settings

OTHERS = 0o077
"""Permissions that let anybody but the owner see a file."""
SECONDS = 2.0


async def check_machine(settings: Settings) -> list[Finding]:
    """What a worker on this machine would meet."""
    return [await check_worker_port(settings), *check_file(), *check_versions()]


async def check_worker_port(settings: Settings) -> Finding:
    """The port of /livez must be free, unless a worker has it already."""
    try:
        check_port(settings)
    except PreflightError as error:
        if await _worker_there(settings):
            said = f"a worker answers on {settings.worker_host}:{settings.worker_port} already"
            return Finding("machine", "ok", said)
        return Finding("machine", "wrong", str(error))
    return Finding("machine", "ok", "the worker's port is free")


async def _worker_there(settings: Settings) -> bool:
    url = f"http://{settings.worker_host}:{settings.worker_port}/livez"
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=SECONDS)) as session,
            session.get(url) as response,
        ):
            return response.status == 200 and await response.read() == b"ok\n"
    except (aiohttp.ClientError, TimeoutError):
        return False


def check_file() -> Iterator[Finding]:
    """A settings file with a secret in it is for its owner only."""
    file = Path(os.environ.get(f"{PREFIX}CONFIG", "ticket-streams.toml"))
    try:
        secret = SECRETS & tomllib.loads(file.read_text("utf-8")).keys()
        mode = file.stat().st_mode
    except (OSError, ValueError):
        return  # there is none: a broken one was refused before
    if secret and mode & OTHERS:
        what = f"{file} holds {', '.join(sorted(secret))}, and others may read it"
        yield Finding("machine", "wrong", what, f"chmod 600 {file}")


def check_versions() -> Iterator[Finding]:
    """The pinned packages."""
    for misfit in misfits():
        yield Finding("machine", "wrong", misfit, "install the versions of requirements.txt")
