"""One project on many databases, or on many schemas of its database."""
