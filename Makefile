# One entry: `make check`. PYTHON is the interpreter of an environment that holds the package with its dev extra.
PYTHON ?= $(if $(wildcard .venv-dev/bin/python),.venv-dev/bin/python,python3)
BIN := $(dir $(PYTHON))
SOURCES := runner tests benchmarks docs
# What `make test` runs: all tests. CI, which has run all of them by then, names those that the coverage is measured by.
TESTS ?= tests

.PHONY: check lint types floors schemas test docs fix faults fuzz bench bench-page picture

check: lint types floors schemas test

lint:
	$(PYTHON) -m ruff check $(SOURCES)
	$(PYTHON) -m ruff check --preview --select PLW1514 $(SOURCES)
	$(PYTHON) -m ruff format --check $(SOURCES)

# On each platform there is another part of the standard library.
types:
	for platform in linux darwin win32; do $(PYTHON) -m mypy --platform $$platform --cache-dir .mypy_cache/$$platform || exit; done
	$(PYTHON) -m mypy --platform linux --cache-dir .mypy_cache/linux --package benchmarks

floors:
	$(BIN)lint-imports

# An outside oracle: the schemas are schemas, and the playbooks fit them, in another validator's eyes.
schemas:
	$(PYTHON) -m check_jsonschema --check-metaschema schemas/*.json
	$(PYTHON) -m check_jsonschema --schemafile schemas/playbook.schema.json tests/examples/valid/*.yml \
	  $(filter-out %.rehearsal.yml,$(wildcard playbooks/*.yml)) runner/overlord_run/app/council.yml
	$(PYTHON) -m check_jsonschema --schemafile schemas/rehearsal.schema.json playbooks/*.rehearsal.yml
	$(PYTHON) -m check_jsonschema --schemafile schemas/examples.schema.json playbooks/roles/*.examples.yml \
	  runner/overlord_run/app/roles/role.examples.yml

# Side by side, as many at once as there are processors; what a module sets up once stays with one of them.
ABREAST := -n auto --dist loadscope

# With 100 % branch coverage of the floors that must be right. A text that is read or written in the platform's own encoding,
# another one on Windows, is a warning and so fails.
test:
	PYTHONWARNDEFAULTENCODING=1 $(PYTHON) -m pytest $(ABREAST) $(TESTS) --cov=overlord_run.playbook --cov=overlord_run.expect --cov=overlord_run.plan --cov=overlord_run.store \
	  --cov-branch --cov-report=term-missing:skip-covered --cov-fail-under=100

# The site, in build/docs. The tests build it too; a link that leads nowhere fails it.
docs:
	$(PYTHON) -m sphinx --fail-on-warning --keep-going --quiet docs build/docs

fix:
	$(PYTHON) -m ruff check --fix $(SOURCES)
	$(PYTHON) -m ruff format $(SOURCES)

# All that docs/faults.md tells of, whole: `make test` runs a small share of it, the same one every time.
faults:
	$(PYTHON) -m pytest $(ABREAST) -m sweep

# Ten minutes over what users and models write; `make test` tries a small share of it, the same one every time. By coverage
# where atheris is installed: pip install --editable '.[dev,fuzz]'.
fuzz:
	PYTHONPATH=tests $(PYTHON) -m fuzz

# A quarter of an hour on a quiet machine. BENCH='--only 3-servants' measures one case, BENCH=--quick tells whether all of them work.
# The API is an nginx with Debian's echo module, which is installed where it can be.
bench:
	@test -e /usr/lib/nginx/modules/ngx_http_echo_module.so || { apt-get update -qq && \
	  apt-get install -y -qq --no-install-recommends nginx-light libnginx-mod-http-echo; } || true
	$(PYTHON) -m pip install --quiet --constraint constraints.txt --editable '.[bench]'
	$(PYTHON) -m benchmarks $(BENCH)

# docs/performance.md's tables and plots, from what `make bench` found.
bench-page:
	$(PYTHON) -m benchmarks.page build/bench.json

# README.md's picture of a terminal; a test tells when it is not the present program's any more.
picture:
	$(PYTHON) tests/picture_kit.py
