-- Labels for learners, single or in groups
-- depends: 002_accounts_v2

CREATE TABLE account_learners (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  account_code text NOT NULL
    CONSTRAINT fk_account_learners_account_code REFERENCES accounts_v2,
  learner_label text NOT NULL,
  is_group boolean NOT NULL DEFAULT false,
  created_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT uq_account_learners_label UNIQUE (account_code, learner_label)
);
