"""Name the rules that only a rehearsal's script can break, beside those of any file; the ids are stable."""

RULES = {"no-effect": "What a script says has an effect."}
