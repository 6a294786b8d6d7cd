"""Which database, which environment, which rules."""
