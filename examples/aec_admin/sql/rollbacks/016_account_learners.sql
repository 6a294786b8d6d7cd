DROP TABLE account_learners;
