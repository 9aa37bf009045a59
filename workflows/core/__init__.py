"""The engine, pure: it takes what happened and returns commands. It never imports temporalio."""
