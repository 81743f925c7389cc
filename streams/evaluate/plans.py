"""Which settings a run is made with, and what the report says of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from streams.classify.categories import names
from streams.claude.tiers import prompt_of
from streams.evaluate.summary import SHOWN
from streams.settings import Settings

HIDDEN = {
    "anthropic_api_key",
    "anthropic_base_url",
    "schema_registry_url",
    "schema_registry_user_info",
    "categories",
}
"""Not for a report: addresses may hold a password, and categories are too long for a table."""


@dataclass(frozen=True, slots=True)
class Plan:
    """One run. ``full``: the escalation model is asked about all tickets."""

    name: str
    settings: Settings
    full: bool

    @property
    def asked(self) -> Settings:
        """The settings that the calls are made with: with ``full`` none is sure enough, no cap."""
        everything = {"escalation_threshold": 1.0, "escalation_cap": 1.0}
        return self.settings.model_copy(update=everything) if self.full else self.settings


def all_names(plans: Sequence[Plan]) -> list[str]:
    """The categories of any of them, each once, and last ``unknown``."""
    return list(names(category for plan in plans for category in plan.settings.categories))


def shown(plan: Plan, plans: Sequence[Plan]) -> dict[str, Any]:
    """The settings of ``plan`` that a report shows: SHOWN, and those that the plans differ in."""
    first, *others = map(_described, plans)
    differ = [name for name in first if any(other[name] != first[name] for other in others)]
    mine = _described(plan)
    return {name: mine[name] for name in dict.fromkeys([*SHOWN, *differ])}


def _described(plan: Plan) -> dict[str, Any]:
    """Each setting by its name; other categories show as another version of the prompt."""
    settings = plan.settings
    version = prompt_of(settings, settings.model).version
    return {**settings.model_dump(mode="json", exclude=HIDDEN), "prompt_version": version}
