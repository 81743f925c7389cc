"""The events of every topic and their wire formats."""
