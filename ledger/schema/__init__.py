"""The ledger's tables. `ledger.schema.tables` has all of them and their MetaData.

A column marked PERSONAL may hold data of a person; erasure goes by these marks. Every other column of text or JSON is
listed as impersonal in a test. No table has foreign keys: only `ledger.writing` writes rows of orders, and all
rows of an order in one transaction.
"""
