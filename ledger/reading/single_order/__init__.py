"""What is asked about one order: its record, history, plan, attempts and times."""
