"""What the commands share: settings, running, times, printing."""

import asyncio
import json
import logging
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import Any, TypeVar

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, TimeRemainingColumn

from streams.access.acls import Role
from streams.audit.asked import instant_of, seconds_of
from streams.audit.query import QueryError
from streams.events.topics import Topics
from streams.settings import Settings, SettingsError, load_settings

T = TypeVar("T")
Command = TypeVar("Command", bound=Callable[..., Any])

ROLE_OF: dict[str, Role] = {
    "dashboard": "dashboard",
    "send": "sender",
    "redrive": "operator",
    "reconcile": "operator",
    "replay": "operator",
    "topics": "admin",
    "worker": "worker",
}
"""Whose rights a command needs; a reader's else."""

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")


def load(**changes: object) -> Settings:
    """The settings. Raises ClickException: one line that names the setting to change."""
    try:
        return load_settings(**changes)
    except SettingsError as error:
        raise click.ClickException(str(error)) from None


def topics_of(settings: Settings) -> Topics:
    """The topics of this installation."""
    return Topics.of(settings)


def run(work: Coroutine[Any, Any, T]) -> T:
    """Runs it to its end. Raises ClickException for what a person can mend."""
    from aiokafka.errors import KafkaError

    from streams.audit.topic_admin import TopicsError

    if not logging.getLogger().handlers:
        # Nobody set up logging: what goes wrong is said once, below.
        logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    try:
        return asyncio.run(work)
    except TopicsError as error:
        raise click.ClickException(_denied() or str(error)) from None
    except KafkaError as error:
        said = f"Kafka (KAFKA_BOOTSTRAP_SERVERS): {error}"
        raise click.ClickException(_denied() or said) from None


def _denied() -> str | None:
    """What the command at work may not do, where Kafka denies it something.

    Also where a topic seems missing: one that we may not see looks so.
    """
    context = click.get_current_context(silent=True)
    role = ROLE_OF.get(context.info_name or "", "reader") if context else "reader"
    from streams.access.denial import find_denial

    return asyncio.run(find_denial(load(), role))


def print_json(data: object) -> None:
    """To standard output, indented."""
    click.echo(json.dumps(data, indent=2, ensure_ascii=False))


def console() -> Console:
    """For tables. Made when it is used, so that it writes to where standard output goes then."""
    width = None if Console().is_terminal else 160
    return Console(width=width, highlight=False)


def progress(*columns: ProgressColumn) -> Progress:
    """A bar, these columns, and the time that is left; on a terminal only, and gone at the end."""
    terminal = Console(stderr=True)
    return Progress(
        BarColumn(),
        *columns,
        TimeRemainingColumn(),
        console=terminal,
        transient=True,
        disable=not terminal.is_terminal,
    )


def utc(seconds: float) -> str:
    """Epoch seconds for people: ``2026-11-21 09:30:00``, UTC."""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S}"


class Duration(click.ParamType):
    """``90s``, ``15m``, ``1h`` or ``7d``, as seconds."""

    name = "duration"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """The seconds. Fails with a usage error."""
        try:
            return float(seconds_of(str(value)))
        except QueryError as error:
            self.fail(str(error), param, ctx)


class Instant(click.ParamType):
    """A date and time in ISO 8601, as epoch seconds; UTC unless it says otherwise."""

    name = "time"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Epoch seconds. Fails with a usage error."""
        try:
            return instant_of(str(value))
        except QueryError as error:
            self.fail(str(error), param, ctx)
