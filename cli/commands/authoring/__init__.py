"""Write definitions: new, diff, schema, lsp."""
