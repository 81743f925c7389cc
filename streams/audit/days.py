"""Days in a time zone, from a first to a last one."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo


@dataclass(frozen=True, slots=True)
class Days:
    """All days from ``first`` to ``last``, both included; None leaves that end open."""

    zone: tzinfo = UTC
    first: date | None = None
    last: date | None = None

    def of(self, at_ms: int) -> date | None:
        """The day of an instant (epoch milliseconds); None for one that is not asked for."""
        day = datetime.fromtimestamp(at_ms // 1000, self.zone).date()
        early = self.first is not None and day < self.first
        late = self.last is not None and day > self.last
        return None if early or late else day

    def start(self, day: date) -> datetime:
        """When it begins, in UTC; it ends when the next one begins."""
        return datetime.combine(day, time(), self.zone).astimezone(UTC)

    def end(self, day: date) -> datetime:
        """When the next day begins, in UTC."""
        return self.start(day + timedelta(days=1))

    def month(self, day: date) -> tuple[datetime, datetime]:
        """Beginning and end of the day's month, in UTC."""
        first = day.replace(day=1)
        return self.start(first), self.start((first + timedelta(days=31)).replace(day=1))
