"""Plans of orders and of offers: plan."""
