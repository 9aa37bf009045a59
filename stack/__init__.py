"""Everything that Ordo needs, as processes of one machine: embedded Temporal, sandbox systems, worker, gateway.

`stack.up.up` keeps them running, `stack.demo.demo` shows an order from its submission to its end.
"""
