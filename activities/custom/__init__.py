"""Python activities that steps name (`activity: NAME`): a module for each; see docs/activities.md."""
