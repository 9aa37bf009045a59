"""Orders, plans and findings for people: drawn in a terminal, plain lines in a pipe.

Nothing here knows a command: the command line and the demo both use it.
"""
