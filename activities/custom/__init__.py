"""Python activities that steps name with `activity: NAME`, one module each (docs/activities.md)."""
