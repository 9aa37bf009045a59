"""Operator actions as pages show them: words, forms, consequences, refusals."""
