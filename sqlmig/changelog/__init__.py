"""The changelog linter: every migration has an entry in the changelog, and merged ones stay.

It needs git, but no database.
"""
