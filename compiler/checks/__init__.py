"""The checks that a catalogue passes before it is used, one file for each subject."""
