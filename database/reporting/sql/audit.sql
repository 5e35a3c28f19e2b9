CREATE OR REPLACE VIEW reporting.audit AS
SELECT audit_id, time, split_part(actor, ':', 1) AS actor_role,
  left(encode(sha256(key || convert_to(actor, 'UTF8')), 'hex'), 32) AS actor,
  action,
  split_part(object_name, '/', 1) AS object_kind,
  CASE WHEN split_part(object_name, '/', 1) IN ('campaigns', 'segments', 'models', 'tierSchemes', 'operations', 'series')
    THEN substr(object_name, strpos(object_name, '/') + 1)
    WHEN strpos(object_name, '/') > 0 THEN left(encode(sha256(key || convert_to(object_name, 'UTF8')), 'hex'), 32)
  END AS object,
  object_version,
  outcome,
  CASE WHEN outcome = 'DENIED' THEN after ->> 'refusal' END AS refusal,
  seq AS seal
FROM audit_log CROSS JOIN report_settings LEFT JOIN audit_seals USING (audit_id);

COMMENT ON VIEW reporting.audit IS 'Version 1. One row an action, refused ones and dry runs among them; without what was changed and why, which may name people.';
COMMENT ON COLUMN reporting.audit.audit_id IS 'Ascending.';
COMMENT ON COLUMN reporting.audit.time IS 'UTC.';
COMMENT ON COLUMN reporting.audit.actor_role IS 'service, marketer, approver, care, analyst, operator or process.';
COMMENT ON COLUMN reporting.audit.actor IS 'Pseudonym of who acted: it tells the same person from another.';
COMMENT ON COLUMN reporting.audit.action IS 'noun.verb, such as campaigns.launch.';
COMMENT ON COLUMN reporting.audit.object_kind IS 'What was acted on, such as campaigns.';
COMMENT ON COLUMN reporting.audit.object IS 'Its id, or a pseudonym where that could lead to a person; null where the kind says all.';
COMMENT ON COLUMN reporting.audit.object_version IS 'The object''s revision after the action.';
COMMENT ON COLUMN reporting.audit.outcome IS 'OK, DENIED, FAILED or DRY_RUN.';
COMMENT ON COLUMN reporting.audit.refusal IS 'Why it was denied, as a reason of the API; null otherwise.';
COMMENT ON COLUMN reporting.audit.seal IS 'Place in the chain of seals; null until it is sealed.';
