"""The closed set of categories."""

from collections.abc import Iterable
from dataclasses import dataclass

from streams.events.model import UNKNOWN


@dataclass(frozen=True, slots=True)
class Category:
    """A category: its name in answers, topics and books, and what belongs in it, in one line."""

    name: str
    description: str


DEFAULT = (
    Category("billing", "charges, payments, refunds, fees, invoices, subscriptions"),
    Category("technical", "errors, crashes, outages, something does not work"),
    Category("product_feedback", "opinions, praise, reviews, feature requests"),
    Category(
        "account", "sign-in, identity checks, personal details, opening or closing an account"
    ),
)


def names(categories: Iterable[Category]) -> tuple[str, ...]:
    """What an answer may say: the names in order, and ``unknown``, which always exists besides."""
    return tuple(dict.fromkeys([*(category.name for category in categories), UNKNOWN]))
