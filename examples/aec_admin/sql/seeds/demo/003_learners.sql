-- Learners, single and in groups

INSERT INTO account_learners (id, account_code, learner_label, is_group)
VALUES
  ('00000000-0000-4000-8000-000000000301', '002', 'Jewel & Jembry', true),
  ('00000000-0000-4000-8000-000000000302', '003-A', 'Management Staffs', true),
  ('00000000-0000-4000-8000-000000000303', '004', 'Aiko', false)
ON CONFLICT (account_code, learner_label) DO NOTHING;
