"""Who may do what: accounts, their roles and tokens, and the table of permissions."""
