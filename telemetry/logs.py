"""The log of a process: one JSON object a line on standard error.

Left to itself structlog draws a traceback with all that is in its frames: passwords, tokens, customers.
"""

import logging
import sys

import structlog


def configure() -> None:
    """For the whole process, once."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
