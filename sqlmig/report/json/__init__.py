"""Results as JSON for programs: one object a command, its format in the member `version`."""
