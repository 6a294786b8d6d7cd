"""Databases that sqlmig makes and drops: scratch databases and templates."""
