"""The tiers as the settings have them: which model answers in each, and how sure it must be."""

from collections.abc import Mapping

from streams.classify.prompt import Prompt
from streams.classify.triage import Affordable, CallTier, Triage
from streams.claude.classifier import Classifier
from streams.claude.client import Claude
from streams.claude.gate import Gate
from streams.claude.pace import Pace
from streams.claude.prices import prices_of
from streams.claude.unpriced import Unpriced
from streams.settings import Settings

NO_MODEL = "none"

SETTING: Mapping[CallTier, str] = {"first": "model", "escalation": "escalation_model"}
"""What names the model of each tier."""


def models(settings: Settings) -> dict[CallTier, str]:
    """The model of each tier that there is."""
    found = {tier: str(getattr(settings, name)) for tier, name in SETTING.items()}
    return {tier: model for tier, model in found.items() if tier == "first" or model != NO_MODEL}


def prompt_of(settings: Settings, model: str) -> Prompt:
    """The prompt for one model. What a ticket adds to it is the same for every model."""
    return Prompt(settings.categories, model, settings.max_tokens, settings.max_text_chars)


def classifier(
    settings: Settings,
    tier: CallTier,
    claude: Claude,
    gate: Gate,
    pace: Pace,
    unpriced: Unpriced | None = None,
) -> Classifier:
    """Asks the model of one tier. ``unpriced`` is told of answers of models without a price."""
    return Classifier(
        tier=tier,
        claude=claude,
        prompt=prompt_of(settings, models(settings)[tier]),
        prices=prices_of(settings),
        gate=gate,
        pace=pace,
        threshold=settings.escalation_threshold,
        retry_max_wait=settings.retry_max_wait,
        unpriced=unpriced or Unpriced(),
    )


def triage_of(settings: Settings, affordable: Affordable = lambda *_: True) -> Triage:
    """What comes after each call. ``affordable``: whether there is money for the second tier."""
    return Triage(
        batch_size=settings.batch_size,
        threshold=settings.escalation_threshold,
        escalates="escalation" in models(settings),
        cap=settings.escalation_cap,
        attempts=settings.answer_attempts,
        affordable=affordable,
    )
