"""Settings of what Claude is asked: which model, about how many tickets, at what price."""

from pydantic import BaseModel, Field

from streams.settings.values import PricesFile


class Classification(BaseModel):
    """A call and what is in it."""

    model: str = Field("claude-haiku-5-5", description="Model that classifies. It needs a price.")
    escalation_model: str = Field(
        "claude-sonnet-5-5",
        description="Model that is asked where the first one is unsure or gives no usable answer. "
        'It needs a price; "none" asks nobody.',
    )
    escalation_threshold: float = Field(
        0.65, ge=0, le=1, description="Confidence below which the escalation model is asked."
    )
    escalation_cap: float = Field(
        0.1, ge=0, le=1, description="Largest share of the tickets that it is asked about."
    )
    prices_file: PricesFile | None = Field(
        None,
        description="TOML file of prices, in the form of streams/claude/prices.toml: its entries "
        "add to ours, and one without `since` replaces all of its model's.",
    )
    batch_size: int = Field(
        25, ge=1, le=100, description="Most tickets that share one call; 1 asks one at a time."
    )
    batch_tokens: int = Field(
        30_000,
        ge=1_000,
        le=90_000,
        description="Most input tokens of a shared call, by a cautious estimate; a single ticket "
        "may have more.",
    )
    max_tokens: int = Field(
        100,
        ge=32,
        le=4096,
        description="Most output tokens for one ticket, which takes about 15; a shared call has "
        "40 for each further one.",
    )
    max_text_chars: int = Field(
        8_000, ge=200, description="Longer texts are cut in the middle for the prompt."
    )
    duplicate_seconds: int = Field(
        3_600,
        ge=0,
        le=86_400,
        description="How long a finished answer is given to an identical ticket of its partition "
        "again, without a call; 0 asks each time.",
    )
