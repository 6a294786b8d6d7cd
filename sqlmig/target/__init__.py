"""Which database and environment a project uses, and which rules apply."""
