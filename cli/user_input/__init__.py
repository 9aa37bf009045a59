"""What a person gives: files, values, answers to a form."""
