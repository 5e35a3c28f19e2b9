"""Values that somebody, some day, sends: for every door and every reader of events."""

from hypothesis import strategies as st

MEGABYTE = 1_000_000
TEXTS = (
    "", " ", "\x00", "\x1b[31m", "\r\n", "line\u2028separator", "\u202egnp.exe", "مرحبا", "e\u0301\u0327",
    "'; DROP TABLE events; --", "<script>alert(1)</script>", "{{ 7 * 7 }}", "%s%n", "../../etc/passwd", "=1+1", "NaN",
)  # fmt: skip
LARGE = ("a" * MEGABYTE, "<b>" * (MEGABYTE // 3), "\u202e" * (MEGABYTE // 3))
NUMBERS = (0.0, -0.0, -1.0, 5e-324, 1e308, float("inf"), float("-inf"), float("nan"))

texts = st.one_of(st.none(), st.sampled_from(TEXTS), st.text(max_size=12))
numbers = st.one_of(st.none(), st.sampled_from(NUMBERS), st.floats())
