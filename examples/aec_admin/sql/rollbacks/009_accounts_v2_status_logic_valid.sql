-- A constraint cannot be made invalid, so it is made anew, as 008 made it.

ALTER TABLE accounts_v2
  DROP CONSTRAINT chk_accounts_v2_status_logic,
  ADD CONSTRAINT chk_accounts_v2_status_logic CHECK (
    (status <> 'prospect' OR (start_year IS NULL AND NOT is_active))
    AND (status <> 'active' OR (start_year IS NOT NULL AND is_active))
    AND (status <> 'inactive' OR NOT is_active)
  ) NOT VALID;
