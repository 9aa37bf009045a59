"""What speaks Temporal: it carries out the core's commands and reports what came of them."""
