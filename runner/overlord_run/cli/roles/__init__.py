"""The commands of `roles`, a file a command."""
