"""Settings are loaded: from the environment and the file, or with one line on what is wrong."""

import difflib
import os
from pathlib import Path

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from streams.settings.model import SECRETS, Settings, settings_file, variable
from streams.settings.values import PREFIX

MOST_REPEATED = 300
"""Characters of a wrong value that an error repeats."""

KNOWN = {
    *(variable(field) for field in Settings.model_fields),
    # Where files are, rather than how to work: read before, or elsewhere.
    *(PREFIX + name for name in ("CONFIG", "CACHE_DIR", "MAVEN_REPOSITORY")),
}


class SettingsError(Exception):
    """A setting is wrong. The message is one line and names the setting to change."""


def load_settings(**changes: object) -> Settings:
    """Settings from the environment and the file, with ``changes`` on top.

    Raises SettingsError: one line that names the first setting that is wrong.
    """
    named = os.environ.get(PREFIX + "CONFIG")
    if named and not Path(named).is_file():
        raise SettingsError(f"{PREFIX}CONFIG names {named}, and there is no such file")
    for name in os.environ:
        if name.startswith(PREFIX) and name not in KNOWN:
            near = difflib.get_close_matches(name, KNOWN, n=1)
            raise SettingsError(f"{name}: no such setting" + (f", {near[0]}?" if near else ""))
    try:
        return Settings(**changes)  # type: ignore[arg-type]
    except ValidationError as error:
        raise SettingsError(_one_line(error.errors()[0])) from None
    except ValueError as error:  # a broken TOML file
        raise SettingsError(
            f"the settings file {settings_file()} cannot be read: {error}"
        ) from None


def _one_line(error: ErrorDetails) -> str:
    message = error["msg"].removeprefix("Value error, ")
    if not error["loc"]:  # settings that do not fit together: it names one itself
        return message
    field = str(error["loc"][0])
    if error["type"] == "extra_forbidden":
        return f"{field}: there is no such setting{_meant(field)}"
    name = variable(field) if field in Settings.model_fields else field
    where = [f"entry {at + 1}" if isinstance(at, int) else at for at in error["loc"][1:]]
    if error["type"] == "unexpected_keyword_argument":
        message = "there is no such field"
    # Keys, and addresses that may hold a password, are not repeated.
    secret = (
        field not in Settings.model_fields
        or field in SECRETS
        or field.endswith(("_url", "_user_info", "_token"))
    )
    given = "" if secret else f" (is {_cut(repr(error['input']))})"
    return f"{': '.join([name, *where])}: {message}{given}"


def _meant(field: str) -> str:
    """What a name in the file that is no setting was probably to be."""
    by_variable = {variable(name): name for name in Settings.model_fields}
    if field in by_variable:
        return f", in the settings file it is {by_variable[field]}"
    near = difflib.get_close_matches(field, Settings.model_fields, n=1)
    return f", {near[0]}?" if near else ""


def _cut(text: str) -> str:
    return text if len(text) <= MOST_REPEATED else text[:MOST_REPEATED] + "..."
