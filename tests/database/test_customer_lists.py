"""Lists of customers read whom they are about, and not everybody."""

from sqlalchemy import text

from database.session import Database
from database.tiers.lists import Sought, asking, page

CUSTOMERS = text("""
INSERT INTO customers (customer_id, country)
SELECT 'c-' || n, CASE WHEN n % 5000 = 0 THEN 'NZ' ELSE 'GB' END FROM generate_series(1, 20000) AS n
""")
SCORES = text("""
INSERT INTO scores (customer_id, model_id, as_of, purchase_30, purchase_60, purchase_90, churn, spend_minor,
  spend_low_minor, spend_high_minor, currency, operation_id, tier)
SELECT customer_id, 'm1', now(), 0, 0, 0, 0, 0, 0, 0, 'GBP', 'o', CASE WHEN country = 'NZ' THEN 'HIGH' ELSE 'LOW' END
FROM customers
""")
NEW_ZEALAND = ["c-10000", "c-15000", "c-20000", "c-5000"]


def test_each_list_has_its_index(database: Database) -> None:
    expected: list[tuple[Sought, str, list[str]]] = [
        (Sought(), "pk_customers", ["c-1", "c-10", "c-100", "c-1000"]),
        (Sought(id_prefix="c-77"), "ix_customers_bytes", ["c-77", "c-770", "c-7700", "c-7701"]),
        (Sought(id_prefix="d"), "ix_customers_bytes", []),
        (Sought(country="NZ"), "ix_customers_country_customer_id", NEW_ZEALAND),
        (Sought(country="FR"), "ix_customers_country_customer_id", []),
        (Sought(tier="HIGH"), "ix_scores_tier_customer_id", NEW_ZEALAND),
        (Sought(tier="MID"), "ix_scores_tier_customer_id", []),
    ]
    with database.writing() as transaction:
        for statement in (CUSTOMERS, SCORES, text("ANALYZE customers, scores")):
            transaction.execute(statement)

        for sought, index, found in expected:
            asked = asking(sought, after=None, limit=4).compile(
                transaction.get_bind(), compile_kwargs={"literal_binds": True}
            )
            plan = "\n".join(transaction.scalars(text(f"EXPLAIN {asked}")))
            assert f"using {index}" in plan, plan
            assert "Seq Scan" not in plan
            assert [each.customer.customer_id for each in page(transaction, sought, after=None, limit=4)] == found
