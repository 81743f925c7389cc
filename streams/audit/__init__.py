"""Read-committed readers of the topics: spend, errors, verify."""
