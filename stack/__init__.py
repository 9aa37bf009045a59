"""Everything that Ordo needs, as processes on one machine: embedded Temporal, sandbox systems, worker, gateway."""
