"""What pages show, as dataclasses and pure functions. Templates only write it down."""
