"""Settings of one process: its place in the group, where it listens, what it logs."""

from typing import Literal

from pydantic import BaseModel, Field, SecretStr

from streams.settings.values import GroupInstance


class Process(BaseModel):
    """Membership, addresses and log."""

    session_timeout: float = Field(
        10.0, ge=6, le=300, description="Seconds until Kafka gives up a silent worker."
    )
    group_instance_id: GroupInstance | None = Field(
        None,
        description="Static membership: a name of its own for each worker, the same after its "
        "restart. Then a restart within the session timeout moves no partition.",
    )
    stop_grace: float = Field(
        4.0, ge=0, le=60, description="Seconds in which calls in flight may finish on a stop."
    )
    stall_limit: float = Field(
        120.0, ge=10, description="Seconds without progress until the worker exits to be restarted."
    )

    worker_host: str = Field(
        "127.0.0.1", description="Where the worker's /livez and /readyz listen."
    )
    worker_port: int = Field(8081, ge=0, le=65_535, description="Their port; 0 takes a free one.")
    dashboard_host: str = Field("127.0.0.1", description="Where the dashboard listens.")
    dashboard_port: int = Field(8080, ge=0, le=65_535, description="Its port; 0 takes a free one.")
    dashboard_token: SecretStr | None = Field(
        None,
        min_length=12,
        description="What a reader of the dashboard must know: as the password that a browser asks "
        "for, with any name, or as a bearer token. Needed where it listens beyond this machine.",
    )
    dashboard_show_text: bool = Field(
        False,
        description="Whether the dashboard's last tickets come with their id and the beginning of "
        "their text.",
    )

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="Least severe messages written to the log."
    )
    log_format: Literal["text", "json"] = Field(
        "text", description="Log lines for people, or JSON: one object a line."
    )

    @property
    def lease(self) -> float:
        """Seconds the event loop may stand still before the worker must not call any more.

        Well below the session timeout: after that the partitions may have another owner.
        """
        return 0.4 * self.session_timeout
