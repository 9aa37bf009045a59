"""What clients may know of workflows: messages, views, states, operator actions."""
