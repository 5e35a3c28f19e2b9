"""What is learned from: labels, examples, features that stay, and windows that are kept aside."""
