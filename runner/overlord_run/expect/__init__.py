"""Answers that a program can use: find the JSON in a reply, say whether it fits a schema, and what does not."""
