-- Status, start year and activity agree, in the rows from before as well
-- depends: 008_accounts_v2_status_logic
-- adr: 0002
--
-- Reads the whole table under a lock that lets others read and write.

ALTER TABLE accounts_v2 VALIDATE CONSTRAINT chk_accounts_v2_status_logic;
