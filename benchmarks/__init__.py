"""Compares the speed of sqlmig with psql, the lower limit, and with its peers: `make bench`."""
