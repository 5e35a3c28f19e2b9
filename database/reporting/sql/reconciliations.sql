CREATE OR REPLACE VIEW reporting.reconciliations AS
SELECT campaign_id, figures, jsonb_array_length(differences) AS differences,
  time = max(time) OVER (PARTITION BY campaign_id) AS latest, time AS as_of
FROM reconciliations;

COMMENT ON VIEW reporting.reconciliations IS 'Version 1. One row a campaign and comparison of its ledger with its counters.';
COMMENT ON COLUMN reporting.reconciliations.campaign_id IS 'As in reporting.campaigns.';
COMMENT ON COLUMN reporting.reconciliations.figures IS 'Compared, count.';
COMMENT ON COLUMN reporting.reconciliations.differences IS 'That did not agree, count; 0 is good.';
COMMENT ON COLUMN reporting.reconciliations.latest IS 'Whether it is the campaign''s last one.';
COMMENT ON COLUMN reporting.reconciliations.as_of IS 'When they were compared, UTC.';
