"""The check that our overrides still fit what is installed."""

from importlib.metadata import version
from typing import Any

import faust
from aiokafka.client import AIOKafkaClient
from aiokafka.consumer.group_coordinator import GroupCoordinator
from faust.tables.manager import TableManager
from faust.tables.table import Table
from faust.tables.wrappers import WindowWrapper
from faust.transport.conductor import Conductor
from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread, Consumer

from streams.delivery import look_back, shared_metadata

PINNED = {"faust-streaming": "0.15.3", "mode-streaming": "0.7.1", "aiokafka": "0.14.0"}

PRIVATE_NAMES: list[tuple[Any, str]] = [
    (faust.App, "_create_directories"),
    (AIOKafkaConsumerThread, "_create_worker_consumer"),
    (AIOKafkaConsumerThread, "on_thread_stop"),
    (Consumer, "_new_consumer_thread"),
    (Consumer, "_wait_next_records"),
    (Consumer, "_getmany"),
    (Consumer, "_commit"),
    (AIOKafkaClient, "send"),
    (GroupCoordinator, "reset_generation"),
    (GroupCoordinator, "_push_error_to_user"),
    *((Conductor, n) for n in ("_flag_changes", "_resubscribe_sleep_lock_seconds")),
    *((Table, n) for n in ("_new_changelog_topic", "_relative_now", "_del_old_keys")),
    *((Table, n) for n in ("on_key_set", "on_key_del", "on_clear", "data")),
    (WindowWrapper, "_keys"),
    (TableManager, "_update_channels"),
    *look_back.PRIVATE_NAMES,
    *shared_metadata.PRIVATE_NAMES,
]


def misfits() -> list[str]:
    """Why the overrides may not fit what is installed; empty where they do."""
    wrong = [
        f"{name} is {version(name)}, streams/delivery is made for {wanted}"
        for name, wanted in PINNED.items()
        if version(name) != wanted
    ]
    wrong += [f"{o.__name__}.{name} is gone" for o, name in PRIVATE_NAMES if not hasattr(o, name)]
    return wrong
