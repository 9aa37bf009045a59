"""Who calls: tokens, accounts, and what each route needs."""
