"""Commands on the stack, systems and notifications."""
