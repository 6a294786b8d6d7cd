"""One file an operation, over plan and engine."""
