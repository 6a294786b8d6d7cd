-- Status, start year and activity agree, in every row written from now on
-- depends: 002_accounts_v2
-- adr: 0002
--
-- NOT VALID: adding it reads no row, so it holds the table for no longer than a moment.

ALTER TABLE accounts_v2
  ADD CONSTRAINT chk_accounts_v2_status_logic CHECK (
    (status <> 'prospect' OR (start_year IS NULL AND NOT is_active))
    AND (status <> 'active' OR (start_year IS NOT NULL AND is_active))
    AND (status <> 'inactive' OR NOT is_active)
  ) NOT VALID;
