"""Where in an event the fields of a ticket stand: the setting ``mapping``."""

import json
import tomllib
from dataclasses import asdict, dataclass, replace
from functools import cache
from importlib.resources import files
from typing import ClassVar, Literal

from pydantic import ConfigDict

from streams.mapping.expressions import Expression

TICKET_FIELDS = ("id", "text", "subject", "customer_id", "channel", "created_at")
EXPRESSIONS = ("root", "filter", *TICKET_FIELDS)


@dataclass(frozen=True, slots=True)
class FieldMapping:
    """JMESPath expressions, as the settings have them; None is not given.

    ``id`` and ``text`` must find something in every ticket, the others may find nothing.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    base: str | None = None
    """A ready-made mapping that has what is not given here."""
    envelope: Literal["none", "cloudevents"] | None = None
    """With ``cloudevents`` the expressions see the whole CloudEvent, its value under ``data``."""
    root: str | None = None
    """Where the other expressions begin, such as ``payload.after``."""
    filter: str | None = None
    """Whether an event is a ticket at all; the others are skipped."""
    id: str | None = None
    text: str | None = None
    subject: str | None = None
    customer_id: str | None = None
    channel: str | None = None
    created_at: str | None = None

    def whole(self) -> "FieldMapping":
        """With what its base gives. Raises ValueError for an unknown base."""
        if self.base is None:
            return self
        given = {name: value for name, value in asdict(self).items() if value is not None}
        return replace(ready_made(self.base), **{**given, "base": None})


def mapping_of(given: object) -> object:
    """The setting as people write it: a name, JSON, or a table."""
    if isinstance(given, str):
        text = given.strip()
        if not text.startswith("{"):
            return FieldMapping(base=text)
        try:
            return json.loads(text)
        except ValueError as error:
            raise ValueError(f"is no JSON: {error}") from None
    return given


def checked(mapping: FieldMapping | None) -> FieldMapping | None:
    """The same. Raises ValueError that names the field whose expression is wrong or missing."""
    if mapping is not None:
        whole = mapping.whole()
        for name in EXPRESSIONS:
            text = getattr(whole, name)
            if text is None and name in ("id", "text"):
                raise ValueError(f"field {name} needs an expression")
            if text is not None:
                try:
                    Expression(text)
                except ValueError as error:
                    raise ValueError(f"field {name} {error}") from None
    return mapping


def checked_filter(text: str | None) -> str | None:
    """The same. Raises ValueError where it is no expression."""
    if text is not None:
        Expression(text)
    return text


@cache
def ready_names() -> tuple[str, ...]:
    """The ready-made mappings that ship with the package."""
    folder = files("streams.mapping").joinpath("ready")
    names = (file.name for file in folder.iterdir())
    return tuple(sorted(name.removesuffix(".toml") for name in names if name.endswith(".toml")))


@cache
def ready_made(name: str) -> FieldMapping:
    """The ready-made mapping ``name``. Raises ValueError, which tells the names there are."""
    if name not in ready_names():
        raise ValueError(f"there is no ready-made mapping {name}: {', '.join(ready_names())}")
    text = files("streams.mapping").joinpath("ready", f"{name}.toml").read_text("utf-8")
    return FieldMapping(**tomllib.loads(text))
