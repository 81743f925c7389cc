"""The Messages API: client, failures and what to do about them, prices."""
