"""The command line: commands that ask the compiler and `operations`, and answer through `views` or in JSON."""
