CREATE OR REPLACE VIEW reporting.customers AS
SELECT left(encode(sha256(key || convert_to(customer_id, 'UTF8')), 'hex'), 32) AS customer,
  customers.country,
  'email' = ANY (channels.agreed) AS email_consent,
  'sms' = ANY (channels.agreed) AS sms_consent,
  'push' = ANY (channels.agreed) AS push_consent,
  (customer_since AT TIME ZONE 'UTC')::date AS first_seen_day,
  coalesce(orders, 0) AS orders,
  coalesce(orders_365, 0) AS orders_365,
  coalesce(spend, 0) AS spend_minor,
  coalesce(spend_365, 0) AS spend_365_minor,
  report_settings.currency,
  days_since_purchase,
  rfm_recency,
  rfm_frequency,
  rfm_monetary,
  scores.tier,
  customer_facts.as_of,
  expected_uplift,
  uplift_campaign_id
FROM customers CROSS JOIN report_settings
LEFT JOIN customer_facts USING (customer_id) LEFT JOIN scores USING (customer_id)
CROSS JOIN LATERAL (SELECT array_agg(lower(channel)) AS agreed FROM unnest(customers.consented_channels) AS channel)
  AS channels;

COMMENT ON VIEW reporting.customers IS 'Version 2. One row a customer who is known and not erased, with what was known at the last rescoring.';
COMMENT ON COLUMN reporting.customers.customer IS 'Pseudonym, 32 hexadecimal digits; the same in every view, until the key changes or the customer is erased.';
COMMENT ON COLUMN reporting.customers.country IS 'ISO 3166 code as the shop gave it; null if not known.';
COMMENT ON COLUMN reporting.customers.email_consent IS 'Whether the customer agreed to e-mail; null if to no channel.';
COMMENT ON COLUMN reporting.customers.sms_consent IS 'Whether the customer agreed to SMS; null if to no channel.';
COMMENT ON COLUMN reporting.customers.push_consent IS 'Whether the customer agreed to push messages; null if to no channel.';
COMMENT ON COLUMN reporting.customers.first_seen_day IS 'UTC day of the first event; null before the first rescoring.';
COMMENT ON COLUMN reporting.customers.orders IS 'Orders ever, count.';
COMMENT ON COLUMN reporting.customers.orders_365 IS 'Orders in the 365 days before as_of, count.';
COMMENT ON COLUMN reporting.customers.spend_minor IS 'Spent ever before returns, minor units of currency; orders in other currencies are not in it.';
COMMENT ON COLUMN reporting.customers.spend_365_minor IS 'Spent in the 365 days before as_of before returns, minor units of currency.';
COMMENT ON COLUMN reporting.customers.currency IS 'ISO 4217 code of the shop''s currency.';
COMMENT ON COLUMN reporting.customers.days_since_purchase IS 'Whole days from the last purchase to as_of; null if none.';
COMMENT ON COLUMN reporting.customers.rfm_recency IS 'Fifth of the buyers by recency, 1 to 5, 5 is best; null if never bought.';
COMMENT ON COLUMN reporting.customers.rfm_frequency IS 'Fifth of the buyers by number of orders, 1 to 5, 5 is best; null if never bought.';
COMMENT ON COLUMN reporting.customers.rfm_monetary IS 'Fifth of the buyers by spend, 1 to 5, 5 is best; null if never bought.';
COMMENT ON COLUMN reporting.customers.tier IS 'HIGH, MID or LOW; null before the first rescoring that met the customer.';
COMMENT ON COLUMN reporting.customers.as_of IS 'What orders, spend and RFM are as of, UTC; null before the first rescoring.';
COMMENT ON COLUMN reporting.customers.expected_uplift IS 'What an offer is expected to add to the chance to buy while its campaign and the week after last, -1 to 1: 0.02 are 2 points; null until a campaign has taught it.';
COMMENT ON COLUMN reporting.customers.uplift_campaign_id IS 'The campaign whose experiment expected_uplift was learned from; null where that is not known.';
