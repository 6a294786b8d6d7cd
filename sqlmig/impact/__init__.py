"""What migrations do to a live database: observed on a scratch database, sized by the live one."""
