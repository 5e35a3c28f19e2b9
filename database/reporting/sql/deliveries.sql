CREATE OR REPLACE VIEW reporting.deliveries AS
SELECT campaign_id, left(encode(sha256(key || convert_to(customer_id, 'UTF8')), 'hex'), 32) AS customer, channel, state,
  claim_time, settle_time, note
FROM messages CROSS JOIN report_settings;

COMMENT ON VIEW reporting.deliveries IS 'Version 2. One row a message by which a coupon left the house: a campaign has one for each customer at most.';
COMMENT ON COLUMN reporting.deliveries.campaign_id IS 'As in reporting.campaigns.';
COMMENT ON COLUMN reporting.deliveries.customer IS 'Pseudonym, as in reporting.customers.';
COMMENT ON COLUMN reporting.deliveries.channel IS 'EMAIL, SMS or PUSH; on the site coupons wait for their customers, without a message.';
COMMENT ON COLUMN reporting.deliveries.state IS 'SENDING or WAITING (for the channel) on the way; for good HANDED_OVER, REFUSED (by the channel, until the next hand-over), NO_CONSENT (any more) or LAPSED (used, blocked or over before).';
COMMENT ON COLUMN reporting.deliveries.claim_time IS 'When it was last taken to the channel, UTC.';
COMMENT ON COLUMN reporting.deliveries.settle_time IS 'When its state became final, UTC; null on the way.';
COMMENT ON COLUMN reporting.deliveries.note IS 'Why its channel did not take it when it was last tried, such as HTTP 422: no such mailbox; null where it took it, or was not asked.';
