"""Proves what migrations do: snapshots of a live schema, round trips, drift."""
