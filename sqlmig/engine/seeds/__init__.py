"""Runs seeds, and proves them."""
