"""Which dead letters a command is about."""

from dataclasses import dataclass

from streams.dead_letters.letter import Letter


@dataclass(frozen=True, slots=True)
class Wanted:
    """Everything that is given must hold; None is not given. Times are epoch seconds."""

    error_types: tuple[str, ...] = ()
    """Any of these; of a class its whole name or what is behind the last dot."""
    stages: tuple[str, ...] = ()
    source_topic: str | None = None
    since: float | None = None
    until: float | None = None
    partition: int | None = None
    offsets: range | None = None

    def __call__(self, letter: Letter) -> bool:
        """Whether it is one of them. ``since`` and ``until`` are about when it was given up."""
        kinds = {letter.error_type, letter.error_type.rpartition(".")[2]}
        return (
            (not self.error_types or not kinds.isdisjoint(self.error_types))
            and (not self.stages or letter.stage in self.stages)
            and self.source_topic in (None, letter.source_topic)
            and (self.since is None or letter.given_up_at >= self.since * 1000)
            and (self.until is None or letter.given_up_at < self.until * 1000)
            and self.partition in (None, letter.partition)
            and (self.offsets is None or letter.offset in self.offsets)
        )
