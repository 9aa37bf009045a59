"""The command line. Commands call the compiler and `operations`, and print through `views` or as JSON."""
