"""Types of the settings whose values have a form of their own: how they are read and checked."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_settings import NoDecode

from streams.books import limits as budgets_as_set
from streams.books.limits import Limit
from streams.classify.categories import Category, closed_set, entries
from streams.claude.prices import price_list
from streams.delivery.client_options import client_options
from streams.events import inputs
from streams.mapping.fields import FieldMapping, checked, checked_filter, mapping_of

PREFIX = "TICKET_STREAMS_"


def _upper(value: object) -> object:
    return value.upper() if isinstance(value, str) else value


# Kafka's own rule for a topic name.
TopicName = Annotated[str, Field(pattern=r"^[a-zA-Z0-9._-]{1,200}$")]

InputTopics = Annotated[tuple[str, ...], NoDecode, BeforeValidator(inputs.entries)]

Categories = Annotated[
    tuple[Category, ...], NoDecode, BeforeValidator(entries), AfterValidator(closed_set)
]

Protocol = Annotated[
    Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"], BeforeValidator(_upper)
]
Mechanism = Annotated[
    Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"], BeforeValidator(_upper)
]
Mapped = Annotated[
    FieldMapping | None, NoDecode, BeforeValidator(mapping_of), AfterValidator(checked)
]
TopicMappings = Annotated[
    dict[str, Annotated[FieldMapping, BeforeValidator(mapping_of), AfterValidator(checked)]],
    AfterValidator(inputs.with_names),
]
JmesPath = Annotated[str | None, AfterValidator(checked_filter)]

GroupInstance = Annotated[str, Field(pattern=r"^[a-zA-Z0-9._-]{1,249}$")]


def _prices(file: str) -> str:
    price_list(file)  # raises ValueError with the place of what is wrong
    return file


PricesFile = Annotated[str, AfterValidator(_prices)]

Budgets = Annotated[
    tuple[Limit, ...],
    NoDecode,
    BeforeValidator(budgets_as_set.entries),
    AfterValidator(budgets_as_set.checked),
]

RESERVED_HEADERS = ("ticket-streams.", "__")
"""Beginnings of names that are ours, or the ecosystem's."""
HEADER_BYTES = 4_096
"""Of all fixed headers together: they must fit beside the largest ticket."""


def _fixed_headers(headers: dict[str, str]) -> dict[str, str]:
    for name in headers:
        if not name or name.startswith(RESERVED_HEADERS):
            raise ValueError(f"{name!r} is no name for a header of your own")
    if sum(len(part.encode()) for item in headers.items() for part in item) > HEADER_BYTES:
        raise ValueError(f"more than {HEADER_BYTES:,} bytes")
    return headers


OutputHeaders = Annotated[dict[str, str], AfterValidator(_fixed_headers)]


def _flat(block: object) -> object:
    """TOML reads ``client.rack = "a"`` as a table in a table; whoever writes it means a name."""
    if not isinstance(block, dict):
        return block
    flat: dict[str, object] = {}
    for name, value in block.items():
        inner = _flat(value)
        if isinstance(inner, dict):
            flat |= {f"{name}.{rest}": found for rest, found in inner.items()}
        else:
            flat[name] = str(value).lower() if isinstance(value, bool) else str(value)
    return flat


def _known_options(block: dict[str, str]) -> dict[str, str]:
    client_options(block)  # raises ValueError with the name of what is wrong
    return block


KafkaClient = Annotated[dict[str, str], BeforeValidator(_flat), AfterValidator(_known_options)]
