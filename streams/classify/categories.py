"""The closed set of categories: what one is, which sets are allowed, and the default set."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints

from streams.events.model import UNKNOWN

MOST = 50
"""Categories in a set, besides ``unknown``."""


def _one_line(text: str) -> str:
    if len(text.splitlines()) > 1:
        raise ValueError("must be one line")
    return text


Line = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=200), AfterValidator(_one_line)
]
Example = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=200),
    AfterValidator(_one_line),
]


@dataclass(frozen=True, slots=True)
class Category:
    """A category: its name in answers and books, and what belongs in it, for the prompt.

    The limits in the types hold for categories that are read from the settings.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
    description: Line = ""
    examples: Annotated[tuple[Example, ...], Field(max_length=5)] = ()
    """Short tickets that belong here."""
    topic: Annotated[str, Field(pattern=r"^[a-zA-Z0-9._-]{1,249}$")] | None = None
    """Where its tickets go; None for the name that :class:`streams.events.topics.Topics` makes."""


DEFAULT = (
    Category("billing", "charges, payments, refunds, fees, invoices, subscriptions"),
    Category("technical", "errors, crashes, outages, something does not work"),
    Category("product_feedback", "opinions, praise, reviews, feature requests"),
    Category(
        "account", "sign-in, identity checks, personal details, opening or closing an account"
    ),
)


def names(categories: Iterable[Category]) -> tuple[str, ...]:
    """What an answer may say: the names in order, and last ``unknown``, which always exists."""
    given = dict.fromkeys(category.name for category in categories)
    return (*(name for name in given if name != UNKNOWN), UNKNOWN)


def entries(given: object) -> list[object]:
    """A setting as people write it, as a list of entries: JSON, or names separated by commas.

    Raises ValueError for what is no list.
    """
    if isinstance(given, str):
        given = _read(given.strip())
    if not isinstance(given, list | tuple):
        raise ValueError("must be a list")  # noqa: TRY004 - what pydantic takes as a wrong value
    return [{"name": entry} if isinstance(entry, str) else entry for entry in given]


def _read(text: str) -> object:
    if not text.startswith(("[", "{")):
        return [name.strip() for name in text.split(",") if name.strip()]
    try:
        return json.loads(text)
    except ValueError as error:
        raise ValueError(f"is no JSON: {error}") from None


def closed_set(categories: tuple[Category, ...]) -> tuple[Category, ...]:
    """The same categories, if they can stand together. Raises ValueError."""
    given = [category.name for category in categories]
    for name in given:
        if given.count(name) > 1:
            raise ValueError(f"{name} is there twice")
    if any(category.name == UNKNOWN and category.examples for category in categories):
        raise ValueError(f"{UNKNOWN} may have a topic and a description, but no examples")
    if not 1 <= len(names(categories)) - 1 <= MOST:
        raise ValueError(f"must be 1 to {MOST} categories, besides {UNKNOWN}")
    return categories
