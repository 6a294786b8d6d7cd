-- UUID generation for the primary keys

CREATE EXTENSION IF NOT EXISTS "uuid-ossp";
