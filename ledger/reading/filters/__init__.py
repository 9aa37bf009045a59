"""Which orders, or which steps, fit a filter: what it may say, as conditions of SQL, and how many fit each."""
