"""The door to Faust."""
