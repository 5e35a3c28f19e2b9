"""In which threads methods are answered that wait for the database or for a network."""

from concurrent.futures import Executor, ThreadPoolExecutor

TILL = frozenset(
    {"GetOffers", "ValidateCoupon", "ReserveCoupon", "ReleaseReservation", "RedeemCoupon", "RefundRedemption"}
)
"""What a customer stands and waits for: a few milliseconds of the database and nothing else."""
TILL_THREADS = 4
"""More would hand each other the interpreter at every statement, and wait for each other's rows in PostgreSQL."""

AS_LONG_AS_THEY_LIKE = frozenset({"WaitOperation", "ImportCoupons", "ExportCoupons"})
"""What its caller draws out: by waiting, or by reading and writing slowly."""
SHARE = 4
"""Of the threads for everything, one in so many is for these."""


class Threads:
    """Many for whatever takes its time, some for who takes their time, and a few for what is over at once."""

    def __init__(self, most: int) -> None:
        """`most` of whatever takes its time."""
        self._many = ThreadPoolExecutor(most, thread_name_prefix="call")
        self._some = ThreadPoolExecutor(max(most // SHARE, 1), thread_name_prefix="patient")
        self._few = ThreadPoolExecutor(TILL_THREADS, thread_name_prefix="till")

    def of(self, method: str) -> Executor:
        """For a method such as /tierwise.v1.CouponService/RedeemCoupon."""
        name = method.rpartition("/")[2]
        if name in TILL:
            return self._few
        return self._some if name in AS_LONG_AS_THEY_LIKE else self._many
