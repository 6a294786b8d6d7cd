"""The connection to PostgreSQL, and what goes over it."""
