"""What commands share: session, output, errors, options."""
