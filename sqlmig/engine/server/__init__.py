"""The connection to PostgreSQL, and what is sent over it."""
