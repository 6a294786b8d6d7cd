"""How fast sqlmig is beside psql, the floor, and beside its peers: `make bench`."""
