# `make up` runs the platform, `make test` every test. They need make and Python 3.11 or newer, nothing else.
.PHONY: up odoo test check fmt bench bench-planner bench-bridge bench-intake faults faults-bridge faults-money lock
.DELETE_ON_ERROR:

PYTHON ?= python3
UV := $(or $(shell command -v uv),.tools/bin/uv)
RUN := .venv/bin/python -m
COMPILE := $(UV) pip compile -q --universal --generate-hashes --no-emit-index-url --no-emit-find-links --exclude-newer $(shell date -d '-7 days' +%F)

export COUNTERFLOW_BEGAN := $(shell date +%s)
export UV_PYTHON_DOWNLOADS := never
# A company's own certificate authority is known to the machine, not to uv.
export UV_SYSTEM_CERTS := $(if $(wildcard /etc/ssl/certs/ca-certificates.crt),true,false)
export PATH := $(CURDIR)/.tools/bin:$(PATH)

up: .venv/complete  # the whole platform with demonstration data, until Ctrl-C
	@.venv/bin/counterflow up

odoo: .venv/complete  # a real Odoo 19 for `make up` and `make test`; about two minutes the first time
	@.venv/bin/counterflow odoo

test: check  # everything; the last line says how it went
	@$(RUN) pytest -n 2 --dist loadscope

check: .venv/complete
	@$(RUN) ruff check && $(RUN) ruff format --check && .venv/bin/lint-imports && $(RUN) mypy && .venv/bin/codespell

fmt: .venv/complete
	@$(RUN) ruff check --fix; $(RUN) ruff format

bench: bench-planner bench-bridge bench-intake  # every measurement there is

# How good plans are, and how long they take; other problems: make bench-planner WITH="folder --reference best.csv"
bench-planner: .venv/complete
	@$(RUN) tests.planner.bench $(WITH)

# How fast the bridge is beside raw calls, on an Odoo of its own; a quick run: make bench-bridge WITH="--orders 10"
bench-bridge: .venv/complete
	@$(RUN) tests.erp_bridge.bench $(WITH)

# How many pre-orders a second are accepted, beside PostgreSQL alone; beside Odoo too: make bench-intake WITH="--odoo"
bench-intake: .venv/complete
	@$(RUN) tests.intake.bench $(WITH)

faults: faults-bridge faults-money  # everything is killed in the middle of its work, for hours

# Ten rounds of 500 runs with everything killed and a bad network; with hands in Odoo: WITH="--people"
faults-bridge: .venv/complete
	@$(RUN) tests.faults.bridge $(WITH)

# A thousand campaigns settled by processes that are killed: the same sums as without; fewer: WITH="--rounds 50"
faults-money: .venv/complete
	@$(RUN) tests.faults.money $(WITH)

lock: $(UV)  # both locks anew, with versions at least a week old
	@$(COMPILE) --group dev pyproject.toml -o requirements.lock
	@$(COMPILE) --python-version 3.11 api/local/odoo-requirements.in -o api/local/odoo-requirements.lock

.venv/complete: requirements.lock pyproject.toml | $(UV)
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed: make PYTHON=…" if sys.version_info < (3, 11) else 0)'
	@echo "installing the packages of requirements.lock into .venv …"
	@$(UV) venv -q --clear --python "$$($(PYTHON) -c 'import sys; print(sys.executable)')" .venv
	@$(UV) pip sync -q --require-hashes --python .venv/bin/python requirements.lock
	@$(UV) pip install -q --no-deps --python .venv/bin/python --editable .
	@touch $@

.tools/bin/uv:
	@echo "fetching uv into .tools …"
	@{ $(PYTHON) -m venv .tools && .tools/bin/pip install -q uv; } || $(PYTHON) -m pip install -q --target .tools uv || \
	{ echo "$(PYTHON) has neither venv nor pip: install one of them (Debian: python3-venv) or uv, and try again" >&2; exit 1; }
