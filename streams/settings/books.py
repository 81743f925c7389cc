"""Settings of the books: their windows, how long rows are kept, and what may be spent."""

from decimal import Decimal
from typing import Literal

from pydantic import BaseModel, Field

from streams.books.limits import Dollars, Limit, Period
from streams.books.windows import DAY, HOUR, Retention
from streams.settings.values import Budgets


class Books(BaseModel):
    """Windows, retention and budgets."""

    window_seconds: int = Field(60, ge=1, le=86_400, description="Length of a window of the books.")
    window_retention_hours: int = Field(
        48,
        ge=1,
        description="How long rows stay in windows shorter than an hour; then they move into their "
        "hour.",
    )
    hour_retention_days: int = Field(
        62, ge=1, description="How long rows stay in their hour; then they move into their day."
    )
    day_retention_days: int = Field(
        800, ge=31, description="How long rows stay in their day (UTC); then they are deleted."
    )
    books_field: Literal["customer_id", "channel"] | None = Field(
        None, description="Field of the ticket by which the books tell spend apart, too."
    )
    books_field_values: int = Field(
        100,
        ge=1,
        le=10_000,
        description="Values of it that a day has of its own in each partition of the input topic; "
        "what comes later is `other`.",
    )

    budget_per_hour: Dollars | None = Field(
        None, description="Most dollars that all workers together spend in an hour (UTC)."
    )
    budget_per_day: Dollars | None = Field(None, description="The same for a day.")
    budget_per_month: Dollars | None = Field(None, description="The same for a month.")
    budget_warn: Decimal = Field(
        Decimal("0.8"), gt=0, le=1, description="Share of a budget at which a line is logged."
    )
    budget_action: Literal["wait", "no_escalation", "unknown"] = Field(
        "wait",
        description="When one of these is used up: tickets wait until the next hour, day or month; "
        "or only the escalation model is asked no more, and the first one goes on; or tickets "
        "become unknown without a call, with the reason budget.",
    )
    budgets: Budgets = Field(
        (),
        description="More budgets, also for one category or one value: in the file one "
        "`[[budgets]]` each, with period, dollars, category, value, warn, action and name; here "
        "JSON.",
    )

    @property
    def retention(self) -> Retention:
        """How long rows of the books stay where they are."""
        days = self.hour_retention_days, self.day_retention_days
        return Retention(self.window_retention_hours * HOUR, *(number * DAY for number in days))

    @property
    def _short_budgets(self) -> list[Limit]:
        """Those that have a setting of their own."""
        given: dict[Period, Decimal | None] = {
            "hour": self.budget_per_hour,
            "day": self.budget_per_day,
            "month": self.budget_per_month,
        }
        return [
            Limit(
                period,
                dollars,
                warn=self.budget_warn,
                action=self.budget_action,
                name=f"budget_per_{period}",
            )
            for period, dollars in given.items()
            if dollars is not None
        ]

    @property
    def limits(self) -> tuple[Limit, ...]:
        """All budgets."""
        return (*self._short_budgets, *self.budgets)
