"""Other tools: how their files are laid out, and what their history tables say.

Pure functions of files and rows; writing files and querying the database happen elsewhere.
"""
