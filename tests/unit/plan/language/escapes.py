"""Templates that reach for what they must not have, one mechanism a row, and what each is told or prints."""

from overlord_run.plan.language.templates import ReplyText

SECRET = "the canary in the coal mine"

HOSTILE = "{{ 7 * 7 }}{% include '/etc/passwd' %}{{ ''.__class__ }}"
SCOPE = {
    "text": "abc",
    "number": 5,
    "list": [1, 2],
    "mapping": {"items": 1, "a": {"b": HOSTILE}, "_hidden": 2},
    "reply": ReplyText(HOSTILE, model="fugu"),
    "replies": [HOSTILE, {"deep": [HOSTILE]}],
}

_NOT_AVAILABLE = " is not available in templates"
_NO_FILE = " reads another file, which a template cannot"
_NO_INCLUDE = "{% include %} reads another file, which only a role file can, by a path written out in quotes"

REFUSED = {
    "a class": ("{{ text.__class__ }}", "'__class__'" + _NOT_AVAILABLE),
    "a class by its key": ("{{ text['__class__'] }}", "text has no '__class__'"),
    "a class by a key that is put together": ("{{ text['__cla' ~ 'ss__'] }}", "text has no '__class__'"),
    "a class by `map`": ("{{ [text] | map(attribute='__class__') | list }}", "text has no '__class__'"),
    "a class behind a dotted attribute": (
        "{{ [mapping] | map(attribute='a.__class__') | list }}",
        "the mapping has no '__class__'",
    ),
    "a class by `selectattr`": ("{{ [text] | selectattr('__class__', 'string') | list }}", "text has no '__class__'"),
    "a class by `sort`": ("{{ [text] | sort(attribute='__class__') }}", "text has no '__class__'"),
    "a class by the filter `attr`": ("{{ text | attr('__class__') }}", "there is no filter named 'attr'"),
    "a private attribute": ("{{ reply._secret }}", "text has no '_secret'"),
    "`str.format`": ("{{ '{0.__class__}'.format(text) }}", "text has no 'format'"),
    "`str.format_map`": ("{{ '{a.__class__}'.format_map(mapping) }}", "text has no 'format_map'"),
    "the filter `format`": ("{{ '%s' | format(text) }}", "there is no filter named 'format'"),
    "`%` on a text": ("{{ '%999999999s' % text }}", "`%` does not go with text and text"),
    "`str.join`": ("{{ ','.join(list) }}", "text has no 'join'"),
    "`str.encode`": ("{{ text.encode() }}", "text has no 'encode'"),
    "`str.translate`": ("{{ text.translate(mapping) }}", "text has no 'translate'"),
    "`str.center`": ("{{ text.center(1000000000) }}", "text has no 'center'"),
    "`str.zfill`": ("{{ text.zfill(1000000000) }}", "text has no 'zfill'"),
    "a method of a number": ("{{ number.to_bytes(1000000000) }}", "a number has no 'to_bytes'"),
    "changing a list": ("{{ list.append(3) }}", "a list has no 'append'"),
    "changing a mapping": ("{{ mapping.update({'a': 1}) }}", "the mapping has no 'update'"),
    "emptying a mapping": ("{{ mapping.clear() }}", "the mapping has no 'clear'"),
    "setting a key": (
        "{% set mapping.a = 1 %}",
        "the template cannot be rendered: cannot assign attribute on non-namespace object",
    ),
    "the innards of a namespace": (
        "{% set ns = namespace(a=1) %}{{ ns._Namespace__attrs }}",
        "something that is no value has no '_Namespace__attrs'",
    ),
    "the innards of a namespace by its key": (
        "{% set ns = namespace(a=1) %}{{ ns['__class__'] }}",
        "something that is no value has no '__class__'",
    ),
    "the globals of a function": ("{{ range.__globals__ }}", "'__globals__'" + _NOT_AVAILABLE),
    "the implementation of a function": (
        "{{ range.implementation }}",
        "something that is no value has no 'implementation'",
    ),
    "the function of a macro": (
        "{% macro m() %}{% endmacro %}{{ m._func }}",
        "something that is no value has no '_func'",
    ),
    "the name of a macro": ("{% macro m() %}{% endmacro %}{{ m.name }}", "something that is no value has no 'name'"),
    "a macro as a text": ("{% macro m() %}{% endmacro %}{{ m }}", "this is not a value"),
    "a method as a text": ("{{ text.upper }}", "this is not a value"),
    "a loop as a text": ("{% for x in list %}{{ loop }}{% endfor %}", "this is not a value"),
    "what a loop runs over": (
        "{% for x in list %}{{ loop._iterator }}{% endfor %}",
        "something that is no value has no '_iterator'",
    ),
    "a loop called again": (
        "{% for x in list %}{{ loop([1]) }}{% endfor %}",
        "something that is no value cannot be called",
    ),
    "a recursive loop": (
        "{% for x in list recursive %}{{ loop([1]) }}{% endfor %}",
        "a recursive loop" + _NOT_AVAILABLE,
    ),
    "the template itself": ("{{ self.__init__ }}", "'__init__'" + _NOT_AVAILABLE),
    "the template's blocks": ("{{ self['root'] }}", "something that is no value has no 'root'"),
    "a block": ("{% block a %}{% endblock %}", "{% block %}" + _NOT_AVAILABLE),
    "an undefined value's class": ("{{ nothing.__class__ }}", "'__class__'" + _NOT_AVAILABLE),
    "an undefined value's attribute": ("{{ nothing['__init__'] }}", "'nothing' is undefined"),
    "the class of one": ("{{ cycler.__init__ }}", "'__init__'" + _NOT_AVAILABLE),
    "`cycler`": ("{{ cycler(1) }}", "'cycler' is undefined"),
    "`joiner`": ("{{ joiner() }}", "'joiner' is undefined"),
    "`lipsum`": ("{{ lipsum(1000000) }}", "'lipsum' is undefined"),
    "`dict`": ("{{ dict(a=1) }}", "'dict' is undefined"),
    "a file by `include`": ("{% include '/etc/passwd' %}", _NO_INCLUDE),
    "a file by `import`": ("{% import '/etc/passwd' as x %}", "{% import %}" + _NO_FILE),
    "a file by `from`": ("{% from '/etc/passwd' import x %}", "{% from %}" + _NO_FILE),
    "a file by `extends`": ("{% extends '/etc/passwd' %}", "{% extends %}" + _NO_FILE),
    "an include that is not run": ("{% if false %}{% include 'x' %}{% endif %}", _NO_INCLUDE),
    "markup that prints unescaped": ("{{ text | safe }}", "there is no filter named 'safe'"),
    "escaping switched on": ("{% autoescape true %}{{ text }}{% endautoescape %}", "{% autoescape %}" + _NOT_AVAILABLE),
    "an unknown tag": ("{% debug %}", "this cannot be read: encountered unknown tag 'debug'"),
    "a choice that differs between runs": ("{{ list | random }}", "there is no filter named 'random'"),
    "the filter `pprint`": ("{{ mapping | pprint }}", "there is no filter named 'pprint'"),
    "the filter `xmlattr`": ("{{ mapping | xmlattr }}", "there is no filter named 'xmlattr'"),
    "an unknown filter where nothing runs": (
        "{% if false %}{{ text | attr('x') }}{% endif %}",
        "there is no filter named 'attr'",
    ),
    "an unknown filter by `map`": ("{{ list | map('attr', 'x') }}", "there is no filter named 'attr'"),
    "an unknown filter by a name that is put together": (
        "{{ list | map('at' ~ 'tr', 'x') }}",
        "there is no filter named 'attr'",
    ),
    "a metering filter": ("{{ list | map('!loop', 1) }}", "there is no filter named '!loop'"),
    "an unknown test": ("{{ text is callable }}", "there is no test named 'callable'"),
    "an unknown test by `select`": ("{{ list | select('sameas', 1) }}", "there is no test named 'sameas'"),
    "arguments from a list": ("{{ range(*list) }}", "spreading arguments with `*` or `**`" + _NOT_AVAILABLE),
    "arguments from a mapping": ("{{ namespace(**mapping) }}", "spreading arguments with `*` or `**`" + _NOT_AVAILABLE),
    "arguments of Jinja's own": ("{{ namespace(_loop_vars=1) }}", "an argument named '_loop_vars'" + _NOT_AVAILABLE),
    "a text called": ("{{ text() }}", "text cannot be called"),
    "the loop's own name": ("{% for loop in list %}{% endfor %}", "'loop' is the loop's own name and cannot be set"),
    "half of a character": ("{{ '\\ud800' }}", "the template prints half of a surrogate pair, which is no character"),
    "an endless number": ("{{ 1e999 }}", "the number is not finite"),
}

HARMLESS = {
    "a reply that is a template": ("{{ reply }}", HOSTILE),
    "a reply that is a template, joined": ("{{ reply ~ '!' }}", HOSTILE + "!"),
    "a reply in a set block": ("{% set x %}{{ reply }}{% endset %}{{ x }}", HOSTILE),
    "a reply through a macro": ("{% macro m(x) %}{{ x }}{% endmacro %}{{ m(reply) }}", HOSTILE),
    "a reply through filters": ("{{ reply | trim | replace('zzz', '') }}", HOSTILE),
    "templates deep in a list": ("{{ replies[1].deep[0] }}", HOSTILE),
    "templates deep in a mapping": ("{{ mapping.a.b }}", HOSTILE),
    "a key that is a method's name": ("{{ mapping.items }}", "1"),
    "a key that looks private": ("{{ mapping._hidden }}", "2"),
    "a raw block": ("{% raw %}{{ text.__class__ }}{% endraw %}", "{{ text.__class__ }}"),
    "a comment": ("{# {{ text.__class__ }} #}ok", "ok"),
}
