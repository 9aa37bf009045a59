"""The sample systems, one file each."""
