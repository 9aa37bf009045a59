"""Pages of the systems that orders call, and their switches."""
