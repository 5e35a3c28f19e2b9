CREATE OR REPLACE VIEW reporting.model_metrics AS
SELECT model_id, metric.key AS metric, metric.value::float8 AS value
FROM models CROSS JOIN LATERAL jsonb_each(coalesce(manifest -> 'metrics', '{}')) AS metric
WHERE jsonb_typeof(metric.value) = 'number';

COMMENT ON VIEW reporting.model_metrics IS 'Version 1. One row a model and metric: how good it was on held-out data when it was trained.';
COMMENT ON COLUMN reporting.model_metrics.model_id IS 'As in reporting.models.';
COMMENT ON COLUMN reporting.model_metrics.metric IS 'Name as in the model''s manifest, such as auc_90.';
COMMENT ON COLUMN reporting.model_metrics.value IS 'In the metric''s own unit; docs/model.md says which.';
