"""An app of ours: every setting of Faust that is not its default, and why."""

from typing import Any

import faust

from streams.delivery.faust_door.app import App
from streams.delivery.faust_door.consumer import SafeConsumer
from streams.delivery.faust_door.credentials import credentials_of
from streams.delivery.tables import BookManager, BookTable
from streams.settings import Settings

DAY = 86_400.0


def create_app(settings: Settings) -> App:
    """A Faust app with nothing of Faust's own delivery left on."""
    app = App(
        settings.app_id,
        broker=[f"kafka://{server.strip()}" for server in settings.bootstrap_servers.split(",")],
        broker_credentials=credentials_of(settings.kafka),
        broker_client_id=settings.app_id,
        consumer_auto_offset_reset="earliest",
        # A partition that is added is noticed within this time.
        consumer_metadata_max_age_ms=15_000,
        consumer_group_instance_id=settings.group_instance_id,
        # Part of the assignment that Kafka keeps for a static member; upstream's holds the host's
        # name, which is another one when a container is made again, and then dies of the change.
        canonical_url=f"http://{settings.group_instance_id or 'dynamic'}",
        broker_session_timeout=settings.session_timeout,
        # With a long session, as static members have, a rebalance must still be heard of soon.
        broker_heartbeat_interval=min(settings.session_timeout / 5, 3.0),
        # A rebalance waits for our calls in flight; then the others must not have given up on us.
        broker_rebalance_timeout=settings.stop_grace + 30.0,
        broker_request_timeout=max(40.0, settings.session_timeout + 5.0),
        # Under full back-pressure nothing is polled; upstream would leave the group for good.
        broker_max_poll_interval=DAY,
        # What was fetched of a partition is handed over before the next one's: with upstream's 1 MB
        # of each, 60 partitions wait for minutes. (A larger ticket comes all the same.)
        consumer_max_fetch_size=64 * 1024,
        # Handed over at once: of how much is too much is only asked in between (back_pressure).
        broker_max_poll_records=100,
        stream_buffer_maxsize=256,
        stream_wait_empty=False,
        cython_optimizations=True,  # what is in the agent's queue is taken without another wait
        stream_processing_timeout=DAY,  # the watchdog is ours
        broker_commit_livelock_soft_timeout=DAY,
        topic_allow_declare=False,
        topic_disable_leader=True,
        store="memory://",
        web_enabled=False,  # upstream's listens on 0.0.0.0 with the tables open
        worker_redirect_stdouts=False,
        table_standby_replicas=0,
        autodiscover=False,
        Table=BookTable,
        TableManager=BookManager,
        Monitor=QuietMonitor,
    )
    app.settings = settings
    app.transport.Consumer = SafeConsumer
    return app


class QuietMonitor(faust.Monitor):  # type: ignore[misc]
    """Counts no events: nobody reads these counts (our metrics tell what is committed), and they
    take 5 microseconds of each."""

    def on_message_in(self, *_: Any) -> None:
        """Not counted."""

    def on_stream_event_in(self, *_: Any) -> None:
        """Not counted."""

    def on_stream_event_out(self, *_: Any) -> None:
        """Not counted."""

    def on_message_out(self, *_: Any) -> None:
        """Not counted."""

    def track_tp_end_offset(self, *_: Any) -> None:
        """Not kept."""
