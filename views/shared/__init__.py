"""What all views share: tables, styles, values, times."""
