-- What contacts and learners of an account mean
-- depends: 014_account_contacts 016_account_learners

COMMENT ON TABLE account_contacts IS
  'Contacts tied to an account (guardian, learner, PM, HR, etc.)';
COMMENT ON COLUMN account_contacts.role IS 'Learner, Mother, HR Manager, etc.';
COMMENT ON COLUMN account_contacts.is_primary IS 'At most one for each role of an account';

COMMENT ON TABLE account_learners IS
  'Optional lightweight learner labels (single or grouped). Use only when granular learner grouping is needed';
COMMENT ON COLUMN account_learners.learner_label IS 'Such as Jewel & Jembry, Management Staffs';
