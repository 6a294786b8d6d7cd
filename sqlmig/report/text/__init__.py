"""Results as text for people: plain in a pipe, drawn by rich on a terminal."""
