"""Writes the files of a project."""
