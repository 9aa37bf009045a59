"""Commands on definitions: validate, schema, plan."""
