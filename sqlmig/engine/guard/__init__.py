"""What a transaction did to tables and rows, and whether that is allowed."""
