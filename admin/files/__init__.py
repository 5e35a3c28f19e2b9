"""What stands in files that commands and pages read and write."""
