"""What is wrong with definitions: validate."""
