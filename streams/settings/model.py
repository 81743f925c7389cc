"""All settings together: where they are read, and what must fit together."""

import os
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, Self, get_args

from pydantic import AliasChoices, SecretStr, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from streams.access.connection import Kafka, kafka_of
from streams.books.limits import WHOLE
from streams.books.windows import DAY, HOUR
from streams.classify.categories import names
from streams.events.topics import Topics
from streams.settings.books import Books
from streams.settings.classification import Classification
from streams.settings.connections import Connections
from streams.settings.flow import Flow
from streams.settings.process import Process
from streams.settings.tickets import Tickets
from streams.settings.values import PREFIX

PERIODS = {"hour": HOUR, "day": DAY, "month": DAY}
"""Seconds of which a budget's period is made up."""


# Pydantic lists the fields of the last class first, and so do the docs.
class Settings(Process, Books, Flow, Classification, Tickets, Connections, BaseSettings):
    """All settings of the worker and of the readers. Seconds and tokens are plain numbers."""

    # A variable that is set to nothing counts as not set: compose files and Kubernetes do that.
    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_ignore_empty=True, extra="forbid", frozen=True
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments, then the environment, then the file."""
        del dotenv_settings, file_secret_settings
        toml = TomlConfigSettingsSource(settings_cls, toml_file=settings_file())
        return init_settings, env_settings, toml

    @model_validator(mode="after")
    def _topics(self) -> Self:
        Topics.of(self).check()
        return self

    @model_validator(mode="after")
    def _access(self) -> Self:
        _ = self.kafka
        return self

    @model_validator(mode="after")
    def _budgets(self) -> Self:
        """A budget's period must hold whole windows. The tables keep all of it: in its hours and
        days, once its windows are over."""
        short = {f"budget_per_{limit.period}": limit for limit in self._short_budgets}
        listed = {f"budgets: entry {n}": limit for n, limit in enumerate(self.budgets, 1)}
        known = names(self.categories)
        for name, limit in {**short, **listed}.items():
            field, _, entry = name.partition(":")
            setting = variable(field) + (entry and ":") + entry
            if PERIODS[limit.period] % self.window_seconds:
                raise ValueError(
                    f"{variable('window_seconds')}: no whole number of them is a period of "
                    f"{setting} (is {self.window_seconds})"
                )
            if limit.category is not None and limit.category not in known:
                raise ValueError(f"{setting}: there is no category {limit.category!r}")
            if limit.value is not None and self.books_field is None:
                raise ValueError(
                    f"{setting}: a value needs {variable('books_field')}, the field that it is of"
                )
        for limit in self.budgets:
            if limit.scope == WHOLE and f"budget_per_{limit.period}" in short:
                raise ValueError(
                    f"{variable('budgets')}: there is {variable('budget_per_' + limit.period)} "
                    f"for each {limit.period} already"
                )
        return self

    @cached_property
    def kafka(self) -> Kafka:
        """Kafka's address and how to sign in there, for every client of ours."""
        return kafka_of(self)

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """A copy with other values, which are not checked."""
        copied = super().model_copy(update=update, deep=deep)
        copied.__dict__.pop("kafka", None)  # its own, not ours
        return copied


def settings_file() -> Path:
    """Where the settings file is, or would be."""
    return Path(os.environ.get(PREFIX + "CONFIG", "ticket-streams.toml"))


def variable(field: str) -> str:
    """The environment variable that sets ``field``."""
    alias = Settings.model_fields[field].validation_alias
    if isinstance(alias, AliasChoices):
        return str(alias.choices[0])
    return PREFIX + field.upper()


SECRETS = {
    name for name, field in Settings.model_fields.items() if SecretStr in get_args(field.annotation)
}
"""Settings that are shown to nobody."""
