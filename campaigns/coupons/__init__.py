"""Codes: issued, quoted, reserved, redeemed, refunded, reconciled."""
