"""Every setting: its name, its default, what it means.

Read, in this order, from the environment and from a TOML file (``ticket-streams.toml`` in the
working directory, or the file that ``TICKET_STREAMS_CONFIG`` names). In the file a setting has its
lower-case name without the prefix: ``max_calls = 200``. One file here a subject; ``model`` puts
them together.
"""

from streams.settings.environment import to_environment
from streams.settings.load import SettingsError, load_settings
from streams.settings.model import SECRETS, Settings, settings_file, variable
from streams.settings.values import PREFIX

__all__ = [
    "PREFIX",
    "SECRETS",
    "Settings",
    "SettingsError",
    "load_settings",
    "settings_file",
    "to_environment",
    "variable",
]
