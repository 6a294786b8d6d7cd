"""One file for each operation, using plan and engine."""
