# Everything here needs only Python 3.10-3.13 and make; `make help` lists it.
PYTHON ?= python3
VENV := .venv
TRAIN_VENV := .venv-train
PEERS_VENV := .venv-peers
BIN := $(VENV)/bin
PIP := -m pip install --quiet --disable-pip-version-check --constraint pipelines/deploy/constraints.txt
INPUT ?=
OUTPUT ?= out/$(or $(notdir $(patsubst %/,%,$(INPUT))),result)
DATA ?=
MODEL_DIR ?= out/model
MODEL ?=
REPORT ?= out/evaluation
ARGS ?=
SQL ?=
.DEFAULT_GOAL := help
.PHONY: help live query run-local profile report prepare test check bench bench-render bench-report bench-tracks bench-peers bench-end-to-end test-train test-browser test-long train evaluate clean test-stores

help: ## Lists the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(VENV)/run.stamp: pyproject.toml pipelines/deploy/constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 10) <= sys.version_info < (3, 14))' \
	  || { echo "ferbeam needs Python 3.10 to 3.13: make PYTHON=python3.12 ..."; exit 1; }
	@echo "installing ferbeam into $(VENV) (once, a minute or two)"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python $(PIP) --editable .
	@touch $@

$(VENV)/dev.stamp: $(VENV)/run.stamp
	@$(BIN)/python $(PIP) --editable '.[dev]'
	@touch $@

$(TRAIN_VENV)/train.stamp: pyproject.toml pipelines/deploy/constraints.txt
	@echo "installing ferbeam with TensorFlow into $(TRAIN_VENV) (once, some minutes)"
	@$(PYTHON) -m venv $(TRAIN_VENV)
	@$(TRAIN_VENV)/bin/python $(PIP) --editable '.[train,jax,dev]'
	@touch $@

# Exit code 3 means: done, some media could not be read. They are listed; make goes on.
run-local: $(VENV)/run.stamp ## Analyses INPUT=folder into OUTPUT (default out/<name of INPUT>); ARGS="--sample-fps 5"
	@test -n "$(INPUT)" || { echo "usage: make run-local INPUT=folder [OUTPUT=folder] [ARGS=...]"; exit 2; }
	@$(BIN)/ferbeam analyze "$(INPUT)" "$(OUTPUT)" $(ARGS) || [ $$? -eq 3 ]

profile: $(VENV)/run.stamp ## Shows where the time went, stage by stage: analyses INPUT=folder, or reads OUTPUT=folder as it is
	@test -n "$(INPUT)" || test -f "$(OUTPUT)/run.json" || { echo "usage: make profile INPUT=folder [OUTPUT=folder] [ARGS=...]"; exit 2; }
	@test -z "$(INPUT)" || $(BIN)/ferbeam analyze "$(INPUT)" "$(OUTPUT)" $(ARGS) || [ $$? -eq 3 ]
	@$(BIN)/ferbeam profile "$(OUTPUT)"

query: $(VENV)/run.stamp ## Asks OUTPUT=folder: SQL="SELECT ..."; without SQL, shows what can be asked
	@test -f "$(OUTPUT)/run.json" || { echo "usage: make query OUTPUT=folder [SQL=...] [ARGS=...]"; exit 2; }
	@$(BIN)/ferbeam query "$(OUTPUT)" "$(SQL)" $(ARGS)

report: $(VENV)/run.stamp ## Writes the page OUTPUT/report.html from the tables of OUTPUT=folder; ARGS="--lang fr"
	@test -f "$(OUTPUT)/run.json" || { echo "usage: make report OUTPUT=folder [ARGS=...]"; exit 2; }
	@$(BIN)/ferbeam report "$(OUTPUT)" $(ARGS)

live: $(VENV)/run.stamp ## Opens the live page: your expression as an emoji; ARGS="--lang fr"
	@$(BIN)/ferbeam live $(ARGS)

prepare: $(VENV)/run.stamp ## Cuts faces out of the labelled pictures of INPUT=folder into DATA=folder, for training
	@test -n "$(INPUT)" && test -n "$(DATA)" || { echo "usage: make prepare INPUT=folder DATA=folder [ARGS=...]"; exit 2; }
	@$(BIN)/ferbeam prepare "$(INPUT)" "$(DATA)" $(ARGS) || [ $$? -eq 3 ]

test: $(VENV)/dev.stamp ## Runs the tests (no TensorFlow, under 8 minutes)
	@$(BIN)/python -m pytest -n 2 --dist loadfile

check: $(VENV)/dev.stamp ## Lints, checks formatting and types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

bench: $(VENV)/dev.stamp ## Measures decoding, detection, classification and the pipeline, side by side
	@$(BIN)/python -m tests.bench.pipeline

bench-tracks: $(VENV)/dev.stamp ## Counts identity switches on clips where people meet, leave and come back; ARGS="--seeds 1-5"
	@$(BIN)/python -m tests.bench.tracks $(ARGS)

$(PEERS_VENV)/peers.stamp: tests/bench/peers/rivals/constraints.txt
	@echo "installing fer and TensorFlow into $(PEERS_VENV) (once, some minutes)"
	@$(PYTHON) -m venv $(PEERS_VENV)
	@$(PEERS_VENV)/bin/python -m pip install --quiet --disable-pip-version-check --constraint $< \
	  keras numpy opencv-python-headless pillow requests setuptools tensorflow
	@# What else fer asks for serves its other face detector, its own video files and its charts.
	@$(PEERS_VENV)/bin/python -m pip install --quiet --disable-pip-version-check --constraint $< --no-deps fer
	@touch $@

bench-peers: $(VENV)/dev.stamp $(PEERS_VENV)/peers.stamp ## Measures speed and recall beside the fer package and the classic tutorial script
	@$(BIN)/python -m tests.bench.peers $(if $(DATA),--data "$(DATA)") $(ARGS)

bench-render: $(VENV)/dev.stamp ## Measures rendering beside a plain decode and encode
	@$(BIN)/python -m tests.bench.render $(ARGS)

bench-report: $(VENV)/browser.stamp ## Measures the report of 1,000 videos with a million faces: time, memory, opening
	@$(BIN)/python -m tests.bench.report $(ARGS)

bench-end-to-end: $(VENV)/dev.stamp ## Measures what the whole product loses to the crops of DATA=folder; MODEL=folder
	@test -n "$(DATA)" || { echo "usage: make bench-end-to-end DATA=folder [MODEL=folder] [ARGS=...]"; exit 2; }
	@$(BIN)/python -m tests.bench.end_to_end "$(DATA)" $(if $(MODEL),--model "$(MODEL)") $(ARGS)

test-train: $(TRAIN_VENV)/train.stamp ## Tests training and the TensorFlow engine
	@$(TRAIN_VENV)/bin/python -m pytest tests/train

$(VENV)/browser.stamp: $(VENV)/dev.stamp
	@$(BIN)/python $(PIP) --editable '.[browser]'
	@touch $@

test-browser: $(VENV)/browser.stamp ## Plays annotated videos in a real browser (needs chromium and ffmpeg: apt-get install them)
	@command -v chromium ffprobe ffmpeg > /dev/null || { echo "chromium and ffmpeg are needed: apt-get install chromium ffmpeg"; exit 1; }
	@$(BIN)/python -m pytest tests/browser

$(VENV)/stores.stamp: $(VENV)/dev.stamp
	@$(BIN)/python $(PIP) --editable '.[stores]'
	@touch $@

test-stores: $(VENV)/stores.stamp ## Tests s3:// and gs:// against servers on this machine
	@$(BIN)/python -m pytest tests/stores

test-long: $(VENV)/dev.stamp ## Runs the interruption tests in full
	@FERBEAM_KILLS=20 $(BIN)/python -m pytest tests/pipelines/test_interrupt.py tests/pipelines/test_isolation.py

train: $(TRAIN_VENV)/train.stamp ## Trains on DATA=folder into MODEL_DIR (default out/model)
	@test -n "$(DATA)" || { echo "usage: make train DATA=folder [MODEL_DIR=folder] [ARGS=...]"; exit 2; }
	@$(TRAIN_VENV)/bin/ferbeam train "$(DATA)" "$(MODEL_DIR)" $(ARGS)

evaluate: $(TRAIN_VENV)/train.stamp ## Measures MODEL=folder (default: the shipped one) on DATA=folder; report in REPORT
	@test -n "$(DATA)" || { echo "usage: make evaluate DATA=folder [MODEL=folder] [REPORT=folder] [ARGS=...]"; exit 2; }
	@$(TRAIN_VENV)/bin/ferbeam evaluate "$(DATA)" --report "$(REPORT)" $(if $(MODEL),--model "$(MODEL)") $(ARGS)

clean: ## Removes environments, caches and out/
	rm -rf $(VENV) $(TRAIN_VENV) $(PEERS_VENV) out build dist .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
