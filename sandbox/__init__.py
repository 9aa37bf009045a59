"""The sandbox: simulates the systems that the sample catalogue calls, as one real HTTP server with its own data.

It imports nothing from Ordo, and Ordo does not know that it is a sandbox. Start it with
`python -m sandbox --port 8100` (docs/sandbox.md).
"""
