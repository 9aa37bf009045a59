"""What several test files need: plans, drivers, servers, pretend systems."""
