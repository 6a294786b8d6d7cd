"""What migrations do to a live database: observed on a scratch database, with the live one's
sizes."""
