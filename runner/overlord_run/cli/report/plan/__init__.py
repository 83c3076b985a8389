"""Tell a plan that nobody carries out: for people, for programs that compare, and as a picture."""
