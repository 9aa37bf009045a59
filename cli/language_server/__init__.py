"""The language server: what editors ask over LSP, answered from `compiler.editing`. It needs the extra `editor`."""
