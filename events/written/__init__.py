"""Numbers, times and countries as shops write them."""
