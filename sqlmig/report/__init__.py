"""Results turned into strings, for people and for programs."""
