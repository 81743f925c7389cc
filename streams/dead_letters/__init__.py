"""Dead letters: read them, whoever wrote them, and try their events again."""
