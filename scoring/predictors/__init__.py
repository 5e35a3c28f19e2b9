"""What has a say beside the networks: trees, a linear model, the closed form within any number of days."""
