CREATE OR REPLACE VIEW reporting.columns AS
SELECT relname::text AS view, attnum::integer AS position, attname::text AS name, format_type(atttypid, atttypmod) AS type,
  col_description(class.oid, attnum) AS description
FROM pg_class AS class JOIN pg_attribute ON attrelid = class.oid AND attnum > 0
WHERE relnamespace = 'reporting'::regnamespace AND relkind = 'v';

COMMENT ON VIEW reporting.columns IS 'Version 1. One row a column of a view: what it means, and its unit.';
COMMENT ON COLUMN reporting.columns.view IS 'Name of the view.';
COMMENT ON COLUMN reporting.columns.position IS 'From 1.';
COMMENT ON COLUMN reporting.columns.name IS 'Of the column.';
COMMENT ON COLUMN reporting.columns.type IS 'PostgreSQL''s name of the type.';
COMMENT ON COLUMN reporting.columns.description IS 'Meaning and unit.';
