"""Pure: money, windows and the rows of the tables."""
