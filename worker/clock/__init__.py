"""What the clock looks after, tick by tick: what is due is begun, read or learned, each by itself."""
