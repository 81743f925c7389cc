"""The API's own account, from the stand-in."""

from typing import Any

import aiohttp
import click

ACCOUNT_PATH = "/_standin/account"
ACCOUNT_TIMEOUT = aiohttp.ClientTimeout(total=10)


async def read_account(url: str) -> Any:
    """What the stand-in at ``url`` has counted. Raises ClickException."""
    try:
        async with (
            aiohttp.ClientSession(timeout=ACCOUNT_TIMEOUT) as session,
            session.get(url.rstrip("/") + ACCOUNT_PATH) as response,
        ):
            response.raise_for_status()
            return await response.json()
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        raise click.ClickException(f"--account {url}: no account to read: {error}") from None
