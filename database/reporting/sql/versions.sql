CREATE OR REPLACE VIEW reporting.versions AS
SELECT class.relname::text AS view,
  substring(description FROM '^Version ([0-9]+)\.')::integer AS version,
  substring(description FROM '^Version [0-9]+\. (.*)$') AS description,
  coalesce(stored, false) AS stored,
  CASE WHEN stored THEN as_of END AS as_of,
  refresh_seconds,
  attempt_time AS failed_time,
  CASE WHEN stored THEN due_time END AS due_time
FROM pg_class AS class JOIN pg_description ON objoid = class.oid AND classoid = 'pg_class'::regclass AND objsubid = 0
LEFT JOIN report_views ON name = relname
WHERE relnamespace = 'reporting'::regnamespace AND relkind = 'v';

COMMENT ON VIEW reporting.versions IS 'Version 2. One row a view: its version, and how fresh it is.';
COMMENT ON COLUMN reporting.versions.view IS 'Its name in the schema reporting.';
COMMENT ON COLUMN reporting.versions.version IS 'From 1; one more when columns were added at the end.';
COMMENT ON COLUMN reporting.versions.description IS 'What a row is.';
COMMENT ON COLUMN reporting.versions.stored IS 'Whether its rows are kept and refreshed; others are counted when they are asked for.';
COMMENT ON COLUMN reporting.versions.as_of IS 'When the rows were counted, UTC; null where they are not kept.';
COMMENT ON COLUMN reporting.versions.refresh_seconds IS 'How long the last refresh took, seconds.';
COMMENT ON COLUMN reporting.versions.failed_time IS 'When a refresh failed, UTC; null if the last one did not. The rows before stay.';
COMMENT ON COLUMN reporting.versions.due_time IS 'From when on the rows are made anew, UTC: within a minute, unless there is much to do. Null where they are not kept.';
