"""Other tools: how their files are laid out, and what their history tables say.

Pure functions of files and rows; what is written, and what asks the database, is elsewhere.
"""
