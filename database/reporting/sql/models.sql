CREATE OR REPLACE VIEW reporting.models AS
SELECT model_id, state, create_time, activate_time, coalesce(scored.customers, 0) AS scored_customers, canary_share,
  move_time
FROM models LEFT JOIN (SELECT model_id, count(*) AS customers FROM scores GROUP BY model_id) AS scored USING (model_id);

COMMENT ON VIEW reporting.models IS 'Version 2. One row a registered model.';
COMMENT ON COLUMN reporting.models.model_id IS 'The model''s own id.';
COMMENT ON COLUMN reporting.models.state IS 'CANDIDATE, SHADOW, CANARY, ACTIVE or RETIRED.';
COMMENT ON COLUMN reporting.models.create_time IS 'When it was registered, UTC.';
COMMENT ON COLUMN reporting.models.activate_time IS 'When it began to answer, UTC; null if it never did.';
COMMENT ON COLUMN reporting.models.scored_customers IS 'Customers whose last stored score is by it, count.';
COMMENT ON COLUMN reporting.models.canary_share IS 'Share of the customers about whom a CANARY answers, 0 to 1; null for others.';
COMMENT ON COLUMN reporting.models.move_time IS 'When it came into its state or to its share, UTC; null if it never moved.';
