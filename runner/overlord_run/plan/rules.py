"""Name every rule that a playbook's templates and values can break; the ids are stable."""

OF_A_PLAN = frozenset({"empty-list"})
"""The warnings that only a dry run and a run tell, since they depend on the inputs."""

RULES = {
    # one template, by itself
    "expression-braces": "An expression stands without braces.",
    "template-error": "A template can be rendered.",
    "template-include": "A template reads no other file; a role file includes texts of its own folder.",
    "template-limit": "A template stays within the limits of a render.",
    "template-syntax": "A template can be read.",
    "template-unavailable": "A template uses the tags, filters, tests and operators that exist.",
    "template-undefined": "What a template reads is there.",
    # what a template reads
    "not-a-target": "A reply is read of a servant that the message goes to.",
    "undeclared-input": "An input that a template reads is declared.",
    "undeclared-var": "A constant that a template reads is declared under 'vars'.",
    "unknown-attribute": "What a template reads of a value exists.",
    "unknown-name": "A name that a template reads is known where it stands.",
    "unknown-reply": "A message whose replies a template reads is declared.",
    "unordered-reply": "A redirect comes after the ones whose replies its message reads.",
    "unused-input": "An input is read by a template.",
    "unused-var": "A constant is read by a template.",
    # what a good colleague says
    "beyond-advice": "A servant is asked for advice or text, not for deeds.",
    "needless-pause": "Something waits for a pause.",
    "no-budget": "A budget limits what servants on ultra models may cost.",
    "several-ultras": "One servant is on an ultra model.",
    "unfenced-reply": "A reply that goes to another servant is fenced by 'as_data'.",
    # servants of a list
    "empty-list": "A list that 'for_each' goes through holds something.",
    "no-servant": "There is somebody to ask.",
    "not-a-list": "What 'for_each' gives is a list.",
    # values
    "role-input": "A value that 'with' gives a role fits the role's input.",
    # what is spent
    "unbounded-model": "Under a budget in USD or tokens, the answers of every model that is used have a limit.",
    "unpriced-model": "Under a budget in USD, every model that is used has a price.",
}
