"""What a transaction did to tables and rows, and whether that may be."""
