"""How fast sqlmig is beside psql, the floor: `make bench`."""
