"""What changed between two catalogues, by meaning: offers, rules, steps, policies, and what that does to orders."""
