"""The versions of the ledger's schema, and how a database gets from one to another.

Versions only add: tables, columns that may be NULL or have a default of the server, indexes. So a worker of the
release before writes to the new schema as it did to its own, and workers can be replaced one after the other. What a
release no longer needs is removed at the earliest in the release after it, by a version that raises
`oldest_writer` (see versions.py).
"""
