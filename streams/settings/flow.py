"""Settings of how much is under way at once, how long it may take, and when to stop."""

from pydantic import BaseModel, Field


class Flow(BaseModel):
    """Limits of calls, tries and tickets in hand."""

    call_timeout: float = Field(30.0, gt=0, description="Seconds until a call is given up.")
    max_calls: int = Field(
        50,
        ge=1,
        le=2_000,
        description="Most calls in flight in one worker. Tickets share a call when all are in use: "
        "fewer calls are cheaper, more are faster.",
    )
    requests_per_minute: int | None = Field(
        None, ge=1, description="Most calls a minute of each model; the API's own limit if not set."
    )
    input_tokens_per_minute: int | None = Field(
        None, ge=1_000, description="The same for input tokens."
    )
    output_tokens_per_minute: int | None = Field(
        None, ge=1_000, description="The same for output tokens."
    )
    answer_attempts: int = Field(
        2,
        ge=1,
        le=10,
        description="Most calls for a ticket alone until it is unknown; the first of two tiers "
        "has one.",
    )
    retry_max_wait: float = Field(
        30.0, gt=0, description="Longest pause in seconds between tries while the API fails."
    )
    max_pending: int = Field(
        4_000, ge=1, description="Most tickets read but not yet committed in one worker."
    )
    order_by_key: bool = Field(
        True, description="Release tickets of one key to their topic in the order they came."
    )

    dead_letter_share: float = Field(
        0.5,
        gt=0,
        le=1,
        description="Share of dead letters among the last tickets above which the worker stops; "
        "1 never does.",
    )
    dead_letter_least: int = Field(
        50,
        ge=1,
        description="Dead letters it takes at least; about as many more after each restart.",
    )
