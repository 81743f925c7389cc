"""The one exception of the embedded broker."""

import errno

_FULL = (errno.ENOSPC, errno.EDQUOT)
_REFUSED = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR)


class KafkaUnavailable(Exception):  # noqa: N818  a state of the world, not a fault of the caller
    """The embedded broker cannot be had. The message says why and what to change."""


def is_local(error: OSError) -> bool:
    """Whether this machine's file system is the trouble, so that trying again cannot help."""
    return error.errno in (*_FULL, *_REFUSED)


def cannot_write(place: object, error: OSError, remedy: str) -> KafkaUnavailable:
    """Say that ``place`` takes no more files, and the ``remedy`` ("point X elsewhere")."""
    reason = "the disk is full" if error.errno in _FULL else error.strerror or str(error)
    return KafkaUnavailable(f"cannot write to {place}: {reason}; {remedy}")
