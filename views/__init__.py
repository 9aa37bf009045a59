"""How orders, plans and findings look to people: in a terminal, and as plain lines in a pipe.

Nothing here knows a command: the command line and the demonstration stack both draw with it.
"""
