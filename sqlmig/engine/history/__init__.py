"""What is recorded in the database, and the lock on it."""
