"""Events on their way to the order: kept ones, and the subscriptions at mailboxes."""
