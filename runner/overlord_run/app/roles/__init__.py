"""The use-cases of `roles`, one file each."""
