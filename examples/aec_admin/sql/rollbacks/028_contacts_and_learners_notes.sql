COMMENT ON TABLE account_contacts IS NULL;
COMMENT ON COLUMN account_contacts.role IS NULL;
COMMENT ON COLUMN account_contacts.is_primary IS NULL;
COMMENT ON TABLE account_learners IS NULL;
COMMENT ON COLUMN account_learners.learner_label IS NULL;
