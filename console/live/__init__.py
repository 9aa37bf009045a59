"""What keeps open pages current: followers of what they show, and the stream that tells browsers of changes."""
