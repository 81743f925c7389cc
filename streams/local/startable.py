"""Something that runs for the length of a ``with`` block."""

from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self


class Startable(ABC):
    """``with`` starts it and stops it, also where the start itself fails."""

    @abstractmethod
    def start(self) -> object:
        """Starts it."""

    @abstractmethod
    def stop(self) -> object:
        """Ends it; does nothing where it has not been started."""

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
