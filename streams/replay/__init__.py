"""Tickets that were classified before, classified again: a run of its own, with its own books."""
