"""Formats results for people and for programs."""
