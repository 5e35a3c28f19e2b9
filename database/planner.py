"""What PostgreSQL's planner is told where its own figures would mislead it."""

from database.session import Snapshot, Transaction, driver_connection


def no_nested_loops(transaction: Transaction) -> None:
    """Until the transaction ends, let tables be joined by hash or by order.

    For a statement that adds to a table and looks into it: planned while the table is empty, a nested loop would read
    all of what the statement itself has added, once for each row that it adds.
    """
    driver_connection(transaction).execute("SELECT set_config('enable_nestloop', 'off', true)")


def sort_in_memory(transaction: Transaction) -> None:
    """Until the transaction ends, let a chunk of 100,000 rows be sorted without writing it to a file first."""
    driver_connection(transaction).execute("SELECT set_config('work_mem', '64MB', true)")


def by_index(snapshot: Snapshot) -> None:
    """Until the transaction ends, let no table be read whole where an index finds its rows.

    For a statement about a few thousand rows of large tables that are in memory: the planner takes them to lie on disk.
    """
    driver_connection(snapshot).execute("SELECT set_config('enable_seqscan', 'off', true)")
