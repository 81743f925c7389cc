"""Static membership: a worker that must not fight another one for its name.

aiokafka sends the name with joins only, not with heartbeats. A worker whose name another one has
taken is told that it is unknown, or is refused its join; aiokafka then joins under the name again,
and takes it back, or waits for ever for somebody to look at the error. Both end here.
"""

import logging
import os
from collections.abc import Awaitable, Callable
from typing import Any

from streams.delivery.last_resort import EXIT_FAILED
from streams.settings import Settings, variable

log = logging.getLogger(__name__)


def guard(coordinator: Any, settings: Settings, die: Callable[[int], object] = os._exit) -> None:
    """End the process when the group has no place under its name for this worker any more.

    ``coordinator`` is aiokafka's GroupCoordinator. What is in hand cannot be saved: whoever has the
    name has fenced the partitions. So the process ends at once, as one whose lease has run out.
    """

    def leave(why: str) -> None:
        log.critical(
            "Kafka does not take this worker for %r any more (%s): another worker has the same %s, "
            "or nothing was heard of this one for %g s (%s). It exits to be restarted",
            settings.group_instance_id,
            why,
            variable("group_instance_id"),
            settings.session_timeout,
            variable("session_timeout"),
        )
        logging.shutdown()
        die(EXIT_FAILED)

    forget_membership: Callable[[], None] = coordinator.reset_generation
    push_error: Callable[[Exception], Awaitable[Any]] = coordinator._push_error_to_user

    def reset_generation() -> None:
        # On a stop, and before the first join, there is no membership to be lost.
        if coordinator.generation > 0 and not coordinator._closing.done():
            leave("unknown member")
        forget_membership()

    def push_error_to_user(error: Exception) -> Awaitable[Any]:
        leave(repr(error))
        return push_error(error)

    coordinator.reset_generation = reset_generation
    coordinator._push_error_to_user = push_error_to_user
