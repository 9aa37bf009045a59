"""What a client can do with orders. This is the one layer under the command line, the gateway and the console.

Nothing here prints. Every failure is an `OperationError`, whose code maps to an exit status and an HTTP status in
`operations.errors.ANSWERS`.
"""
