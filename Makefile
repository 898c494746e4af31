# Everything a newcomer needs: `make run` and `make test`. The rest is for developers.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
# Three processes for two processors, because bots and their tests often wait. By path, so that
# tests/e2e comes first: files of few but long tests would else be left to the end, where the others
# have nothing to do beside them.
IN_ORDER := --no-loadscope-reorder

.PHONY: run test setup check coverage format fit bench bench-model bench-telegram bench-search bench-reload bench-during bench-retrieval bench-gaps test-crash test-power test-faults test-life catalogues transcript follow licences test-image test-soak lock clean

run: setup
	@$(BIN)/baoda run

test: $(VENV)/.dev
	@$(BIN)/python -m pytest --numprocesses 3 --dist loadfile $(IN_ORDER)

setup: $(VENV)/.run

check: $(VENV)/.dev
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/hadolint deploy/Dockerfile
	@$(BIN)/python -m pytest --quiet tests/test_layering.py

coverage: $(VENV)/.dev
	@$(BIN)/python -m pytest --numprocesses 3 --dist loadfile $(IN_ORDER) --cov --cov-report=term-missing:skip-covered

format: $(VENV)/.dev
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

bench: $(VENV)/.dev
	@$(BIN)/python -m tests.bench.speed

bench-model: $(VENV)/.dev
	@$(BIN)/python -m tests.bench.model

bench-telegram: $(VENV)/.dev
	@$(BIN)/python -m tests.bench.telegram

bench-search: $(VENV)/.dev
	@$(BIN)/python -m tests.bench.search

# Fits the weights of retrieval/ranking/weights.json on the question sets beside the project.
fit: $(VENV)/.dev
	@$(BIN)/python -m tests.bench.fit

bench-reload: $(VENV)/.dev
	@$(BIN)/python -m tests.bench.reload

bench-during: $(VENV)/.dev
	@$(BIN)/python -m tests.bench.during

bench-retrieval: $(VENV)/.dev
	@$(BIN)/python -m tests.bench.retrieval

bench-gaps: $(VENV)/.dev
	@$(BIN)/python -m tests.bench.gaps

test-crash: $(VENV)/.dev
	@$(BIN)/python -m pytest tests/e2e/test_crash.py --crashes 100

# Everything killed, copied while it runs, or without power, forty times; another course: SEED=2.
test-power: $(VENV)/.dev
	@SEED=$(SEED) $(BIN)/python -m pytest tests/e2e/test_power_cuts.py --power-cuts 40

# What takes too long for `make test`: starts and ends of the bot, crowds, all that is marked so.
test-life: $(VENV)/.dev
	@$(BIN)/python -m pytest --long -m long --numprocesses 2 --dist loadfile $(IN_ORDER)

# Fifty readers, waits as long as Telegram's; another seed makes other faults: SEED=2.
test-faults: $(VENV)/.dev
	@$(BIN)/python -m pytest tests/e2e/test_random_faults.py --long \
		--questions 500 --restarts 3 --longest-wait 30 --fault-seed $(SEED)

SEED := 1

# The interface's texts: each bot/locales/*/LC_MESSAGES/baoda.po to the baoda.mo beside it.
catalogues: $(VENV)/.dev
	@$(BIN)/pybabel --quiet compile --directory bot/locales --domain "baoda reasons"

# What a reader sees in Telegram: docs/transcript.md, and the conversation in the README.
transcript: $(VENV)/.dev
	@$(BIN)/python -m tests.e2e.transcript

# What runs with Baoda, on which terms: docs/licences.md.
licences: $(VENV)/.dev
	@$(BIN)/python -m tests.licences

# Builds the image and tries it; says so and does nothing where no engine answers.
test-image:
	@deploy/try-image.sh

# The README's commands, in a clone of its own.
follow: $(VENV)/.dev
	@$(BIN)/python -m tests.following

# A day through delivery and 5,000 questions through the answerer; each a process of its own.
test-soak: $(VENV)/.dev
	@$(BIN)/python -m tests.soak.delivery
	@$(BIN)/python -m tests.soak.answering

# Pins every dependency anew, those of all extras too, with hashes and without an index address.
# The pip of Python 3.11.0 to 3.11.7 stumbles over an extra spelt otherwise than in justext.
lock: $(VENV)/.dev
	@$(PIP) install uv
	@$(BIN)/uv pip compile pyproject.toml --extra all --group build -o requirements.lock $(LOCK_OPTIONS)
	@$(BIN)/uv pip compile --group dev -c requirements.lock -o requirements-dev.lock $(LOCK_OPTIONS)
	@sed -i.old 's/^lxml\[html-clean\]/lxml[html_clean]/' requirements.lock && rm requirements.lock.old

LOCK_OPTIONS := --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--no-emit-find-links --no-annotate --no-header --no-strip-extras --quiet --upgrade

clean:
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage bench

$(VENV)/.run: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Baoda needs Python 3.11 or newer: make run PYTHON=python3.12" >&2; exit 1; }
	@echo "Setting up $(VENV) (once; some minutes) ..." >&2
	@$(PYTHON) -m venv $(VENV) >&2 || \
		{ echo "This Python cannot make virtual environments; on Debian: apt install python3-venv" >&2; exit 1; }
	@$(PIP) install --require-hashes -r requirements.lock >&2
	@$(PIP) install --no-deps --no-build-isolation --editable . >&2
	@touch $@

$(VENV)/.dev: $(VENV)/.run requirements-dev.lock
	@$(PIP) install --require-hashes -r requirements-dev.lock >&2
	@touch $@
