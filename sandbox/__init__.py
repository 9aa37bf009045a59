"""The sandbox: the systems that the sample catalogue calls, as one real HTTP server with data of its own.

It stands alone: it imports nothing of Ordo, and Ordo does not know that it is a sandbox.
Run it with `python -m systems --port 8100`.
"""
