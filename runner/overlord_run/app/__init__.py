"""The use-cases: the only place that wires the parts, one file for each thing a command asks for."""
