"""Creates and changes the files of a project."""
