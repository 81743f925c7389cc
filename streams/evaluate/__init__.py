"""Labelled tickets through the real path: how right, how sure, how dear, how fast."""
