"""Values that tests are about, valid but for what a test says."""
