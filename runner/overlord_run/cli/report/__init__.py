"""Turn results into text and JSON values, one function a shape."""

VERSION = 1
