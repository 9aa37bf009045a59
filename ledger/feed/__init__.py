"""Takes what orders and attempts say in a worker's process, and writes it to the ledger from a thread of its own.

Orders never wait for it. What cannot be written yet stays in a bounded buffer; what does not fit is dropped by whole
orders, and noted as a gap, which a complete change of the order closes.
"""
