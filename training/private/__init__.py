"""Learning from customers without giving any one of them away: differential privacy, by the customer."""
