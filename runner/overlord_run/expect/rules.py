"""Name every rule that the schema of an `expect` can break; the ids are stable."""

RULES = {
    "schema-draft": "A schema is of draft 2020-12.",
    "schema-keyword": "A keyword of a schema has a value that it takes.",
    "schema-reference": "A '$ref' leads to a schema in the same schema, and not in a circle.",
    "schema-unavailable": "Keywords that name schemas by anchors, or look at what others left over, are not taken.",
    "schema-unknown": "A keyword of a schema is known.",
}
