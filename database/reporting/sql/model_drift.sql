CREATE OR REPLACE VIEW reporting.model_drift AS
SELECT day, model_id, feature, stability FROM drift_readings;

COMMENT ON VIEW reporting.model_drift IS 'Version 1. One row a day, model and feature: how far the feature has moved since the model learned.';
COMMENT ON COLUMN reporting.model_drift.day IS 'When customers were looked at, UTC.';
COMMENT ON COLUMN reporting.model_drift.model_id IS 'As in reporting.models.';
COMMENT ON COLUMN reporting.model_drift.feature IS 'Name of the feature, as in the model''s manifest.';
COMMENT ON COLUMN reporting.model_drift.stability IS 'Population stability index; below 0.1 it stands still, above 0.25 it is another distribution.';
