"""Pretend systems: the answers that `example` of `kind: system` gives, without and with HTTP."""
