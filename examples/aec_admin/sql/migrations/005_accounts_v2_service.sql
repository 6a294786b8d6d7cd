-- The services, a list that a row extends
-- depends: 002_accounts_v2
-- adr: 0003
--
-- The four rows come with the migration and not from a seed: they are the rule that accounts
-- which are there already have to meet.

CREATE TABLE account_services (
  service text PRIMARY KEY
    CONSTRAINT chk_account_services_service CHECK (service ~ '^[A-Z]+$')
);

INSERT INTO account_services (service) VALUES ('TF'), ('CD'), ('PW'), ('LE');

ALTER TABLE accounts_v2
  ADD CONSTRAINT fk_accounts_v2_service FOREIGN KEY (service) REFERENCES account_services;
