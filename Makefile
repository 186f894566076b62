# Everything here needs only Python 3.10-3.14 and make; `make help` lists it.
PYTHON ?= python3
VENV := .venv
TRAIN_VENV := .venv-train
PEERS_VENV := .venv-peers
FLINK_VENV := .venv-flink
# The newest Flink for which the job server can be had everywhere: see pipelines/README.md, "On Flink".
FLINK_VERSION := 1.19
FLINK_JAR ?= $(FLINK_VENV)/flink-$(FLINK_VERSION)-job-server.jar
FLINK_HOME = $(shell $(FLINK_VENV)/bin/python -c 'import pyflink; print(pyflink.__path__[0])')
FLINK_MASTER ?= localhost:8081
BEAM ?=
GCP_VENV := .venv-gcp
ENVIRONMENTS := $(VENV) $(TRAIN_VENV) $(PEERS_VENV) $(FLINK_VENV) $(GCP_VENV)
BIN := $(VENV)/bin
PIP := -m pip install --quiet --disable-pip-version-check --constraint pipelines/ferbeam/deploy/constraints.txt
# Older ones do not know the [dependency-groups] of pyproject.toml.
PIP_WITH_GROUPS := 'pip>=25.1'
INPUT ?=
OUTPUT ?= out/$(or $(notdir $(patsubst %/,%,$(INPUT))),result)
DATA ?=
MODEL_DIR ?= out/model
MODEL ?=
REPORT ?= out/evaluation
ARGS ?=
SQL ?=
.DEFAULT_GOAL := help
.PHONY: help query run-local profile report prepare test test-wheel check bench bench-scale bench-render bench-report bench-tracks bench-wild bench-peers bench-end-to-end test-train test-browser test-long train model face-check evaluate clean distclean test-stores flink-up flink-down run-flink test-flink bench-flink bench-cost test-dataflow run-dataflow fuzz bench-verify live

help: ## Lists the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(VENV)/run.stamp: pyproject.toml pipelines/ferbeam/deploy/constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 10) <= sys.version_info < (3, 15))' \
	  || { echo "ferbeam needs Python 3.10 to 3.14: make PYTHON=python3.12 ..."; exit 1; }
	@echo "installing ferbeam into $(VENV) (once, a minute or two)"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python $(PIP) --editable .
	@touch $@

# What reads and writes s3:// and gs:// is installed where INPUT, OUTPUT or DATA says so.
STORES := $(foreach store,s3 gs,$(if $(findstring $(store)://,$(INPUT) $(OUTPUT) $(DATA)),$(VENV)/$(store).stamp))
# Whether OUTPUT holds a finished run; of one on a store the command itself finds out.
HAS_RUN = case "$(OUTPUT)" in *://*) ;; *) test -f "$(OUTPUT)/run.json";; esac
$(VENV)/s3.stamp $(VENV)/gs.stamp: $(VENV)/%.stamp: $(VENV)/run.stamp
	@$(BIN)/python $(PIP) --editable '.[$*]'
	@touch $@

$(GCP_VENV)/gcp.stamp: pyproject.toml pipelines/ferbeam/deploy/constraints.txt
	@echo "installing ferbeam with what submits to Dataflow into $(GCP_VENV) (once, some minutes)"
	@$(PYTHON) -m venv $(GCP_VENV)
	@$(GCP_VENV)/bin/python $(PIP) $(PIP_WITH_GROUPS)
	@$(GCP_VENV)/bin/python $(PIP) --editable '.[gcp]' --group stores
	@touch $@

$(VENV)/dev.stamp: $(VENV)/run.stamp
	@$(BIN)/python $(PIP) $(PIP_WITH_GROUPS)
	@$(BIN)/python $(PIP) --group dev
	@touch $@

$(TRAIN_VENV)/train.stamp: pyproject.toml pipelines/ferbeam/deploy/constraints.txt
	@echo "installing ferbeam with TensorFlow into $(TRAIN_VENV) (once, some minutes)"
	@$(PYTHON) -m venv $(TRAIN_VENV)
	@$(TRAIN_VENV)/bin/python $(PIP) $(PIP_WITH_GROUPS)
	@$(TRAIN_VENV)/bin/python $(PIP) --editable '.[train,jax]' --group dev
	@touch $@

# Exit code 3 means: done, some media could not be read. They are listed; make goes on.
run-local: $(VENV)/run.stamp $(STORES) ## Analyses INPUT=folder into OUTPUT (default out/<name of INPUT>); ARGS="--sample-fps 5"
	@test -n "$(INPUT)" || { echo "usage: make run-local INPUT=folder [OUTPUT=folder] [ARGS=...]"; exit 2; }
	@$(BIN)/ferbeam analyze "$(INPUT)" "$(OUTPUT)" $(ARGS) || [ $$? -eq 3 ]

run-dataflow: $(GCP_VENV)/gcp.stamp ## Analyses INPUT=gs://... into OUTPUT=gs://... on Dataflow: PROJECT, REGION, IMAGE, BEAM=options
	@test -n "$(INPUT)" || { echo "usage: make run-dataflow INPUT=gs://... OUTPUT=gs://... PROJECT=... REGION=... IMAGE=..."; exit 2; }
	@$(GCP_VENV)/bin/ferbeam analyze "$(INPUT)" "$(OUTPUT)" --runner dataflow $(ARGS) -- $(if $(PROJECT),--project=$(PROJECT)) \
	  $(if $(REGION),--region=$(REGION)) $(if $(IMAGE),--sdk_container_image=$(IMAGE)) $(BEAM) || [ $$? -eq 3 ]

profile: $(VENV)/run.stamp $(STORES) ## Shows where the time went, stage by stage: analyses INPUT=folder, or reads OUTPUT=folder as it is
	@test -n "$(INPUT)" || $(HAS_RUN) || { echo "usage: make profile INPUT=folder [OUTPUT=folder] [ARGS=...]"; exit 2; }
	@test -z "$(INPUT)" || $(BIN)/ferbeam analyze "$(INPUT)" "$(OUTPUT)" $(ARGS) || [ $$? -eq 3 ]
	@$(BIN)/ferbeam profile "$(OUTPUT)"

query: $(VENV)/run.stamp $(STORES) ## Asks OUTPUT=folder: SQL="SELECT ..."; without SQL, shows what can be asked
	@$(HAS_RUN) || { echo "usage: make query OUTPUT=folder [SQL=...] [ARGS=...]"; exit 2; }
	@$(BIN)/ferbeam query "$(OUTPUT)" "$(SQL)" $(ARGS)

report: $(VENV)/run.stamp $(STORES) ## Writes the page OUTPUT/report.html from the tables of OUTPUT=folder; ARGS="--lang fr"
	@$(HAS_RUN) || { echo "usage: make report OUTPUT=folder [ARGS=...]"; exit 2; }
	@$(BIN)/ferbeam report "$(OUTPUT)" $(ARGS)

live: $(VENV)/run.stamp ## Opens the live page: your expression as an emoji; ARGS="--lang fr"
	@$(BIN)/ferbeam live $(ARGS)

prepare: $(VENV)/run.stamp $(STORES) ## Cuts faces out of the labelled pictures of INPUT=folder into DATA=folder, for training
	@test -n "$(INPUT)" && test -n "$(DATA)" || { echo "usage: make prepare INPUT=folder DATA=folder [ARGS=...]"; exit 2; }
	@$(BIN)/ferbeam prepare "$(INPUT)" "$(DATA)" $(ARGS) || [ $$? -eq 3 ]

test: $(VENV)/dev.stamp ## Runs the tests (no TensorFlow, under 3 minutes)
	@$(BIN)/python -m pytest -n 2 --dist loadfile

test-wheel: $(VENV)/dev.stamp ## Builds the wheel and installs it outside the checkout
	@$(BIN)/python -m pytest tests/wheel

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

bench-wild: $(VENV)/dev.stamp ## Finds the faces of the real pictures and clips of DATA=folder (see tests/bench/wild_truth.py)
	@test -n "$(DATA)" || { echo "usage: make bench-wild DATA=folder [ARGS=...]"; exit 2; }
	@$(BIN)/python -m tests.bench.wild "$(DATA)" $(ARGS)

bench-render: $(VENV)/dev.stamp ## Measures rendering beside a plain decode and encode
	@$(BIN)/python -m tests.bench.render $(ARGS)

bench-report: $(VENV)/browser.stamp ## Measures the report of 1,000 videos with a million faces: time, memory, opening
	@$(BIN)/python -m tests.bench.report $(ARGS)

bench-scale: $(VENV)/dev.stamp ## Measures time and memory for up to 16,000 media and 3 hours of video (an hour); ARGS="--parts tables": 100,000 media
	@$(BIN)/python -m tests.bench.scale $(ARGS)

bench-cost: $(VENV)/dev.stamp ## Measures the processor time of an hour of video, for its cost on Dataflow
	@$(BIN)/python -m tests.bench.cost $(ARGS)

bench-end-to-end: $(VENV)/dev.stamp ## Measures what the whole product loses to the crops of DATA=folder; MODEL=folder, ARGS="--prior web"
	@test -n "$(DATA)" || { echo "usage: make bench-end-to-end DATA=folder [MODEL=folder] [ARGS=...]"; exit 2; }
	@$(BIN)/python -m tests.bench.end_to_end "$(DATA)" $(if $(MODEL),--model "$(MODEL)") $(ARGS)

test-train: $(TRAIN_VENV)/train.stamp ## Tests training and the TensorFlow engine
	@$(TRAIN_VENV)/bin/python -m pytest tests/train

$(VENV)/browser.stamp: $(VENV)/dev.stamp
	@$(BIN)/python $(PIP) --group browser
	@touch $@

test-browser: $(VENV)/browser.stamp ## Plays annotated videos in a real browser (needs chromium and ffmpeg: apt-get install them)
	@for tool in chromium ffprobe ffmpeg; do command -v $$tool > /dev/null \
	  || { echo "chromium and ffmpeg are needed: apt-get install chromium ffmpeg"; exit 1; }; done
	@$(BIN)/python -m pytest tests/browser

$(VENV)/stores.stamp: $(VENV)/dev.stamp
	@$(BIN)/python $(PIP) --group stores
	@touch $@

test-stores: $(VENV)/stores.stamp ## Tests s3:// and gs:// against servers on this machine
	@$(BIN)/python -m pytest tests/stores

test-dataflow: $(GCP_VENV)/gcp.stamp ## Checks the job for Dataflow, as far as can be done without it
	@$(GCP_VENV)/bin/python -m pytest tests/stores/test_dataflow.py

test-long: $(VENV)/dev.stamp ## Runs the tests that take long, of what is killed or crashes; KILLS=20 kills more often
	@FERBEAM_KILLS=$(or $(KILLS),2) $(BIN)/python -m pytest -m long -n 2 --dist loadfile

$(FLINK_VENV)/flink.stamp: $(VENV)/run.stamp pipelines/ferbeam/deploy/constraints.txt pipelines/ferbeam/deploy/job_server/pom.xml
	@command -v java > /dev/null || { echo "Flink needs Java 11 or 17: apt-get install openjdk-17-jre-headless"; exit 1; }
	@echo "installing Flink and Beam's job server into $(FLINK_VENV) (once, some minutes, 600 MB)"
	@$(PYTHON) -m venv $(FLINK_VENV)
	@$(FLINK_VENV)/bin/python $(PIP) apache-flink-libraries
	@$(BIN)/python -m ferbeam.deploy.job_server $(FLINK_VERSION) $(FLINK_VENV)/flink-$(FLINK_VERSION)-job-server.jar
	@touch $@

flink-up: $(FLINK_VENV)/flink.stamp ## Starts a Flink cluster and a worker pool on this machine
	@$(BIN)/python -m ferbeam.deploy.flink_cluster up --home "$(FLINK_HOME)" $(ARGS)

flink-down: $(VENV)/run.stamp ## Stops what flink-up has started
	@$(BIN)/python -m ferbeam.deploy.flink_cluster down $(ARGS)

run-flink: $(FLINK_VENV)/flink.stamp $(STORES) ## Analyses INPUT=folder on the Flink cluster at FLINK_MASTER=host:port; BEAM="--parallelism=2"
	@test -n "$(INPUT)" || { echo "usage: make run-flink INPUT=folder FLINK_MASTER=host:port [OUTPUT=folder] [ARGS=...] [BEAM=...]"; exit 2; }
	@$(BIN)/ferbeam analyze "$(INPUT)" "$(OUTPUT)" --runner flink $(ARGS) -- --flink_master=$(FLINK_MASTER) \
	  $(if $(FLINK_JAR),--flink_job_server_jar=$(FLINK_JAR)) $(BEAM) || [ $$? -eq 3 ]

test-flink: $(VENV)/dev.stamp $(FLINK_VENV)/flink.stamp ## Tests ferbeam on a Flink cluster, parts of which are killed
	@FERBEAM_FLINK_HOME="$(FLINK_HOME)" FERBEAM_FLINK_JAR="$(FLINK_JAR)" $(BIN)/python -m pytest tests/flink -o timeout=900

bench-flink: $(VENV)/dev.stamp $(FLINK_VENV)/flink.stamp ## Measures Flink beside the local runner, and simulates up to 1,000 workers
	@FERBEAM_FLINK_HOME="$(FLINK_HOME)" FERBEAM_FLINK_JAR="$(FLINK_JAR)" $(BIN)/python -m tests.bench.flink $(ARGS)

fuzz: $(VENV)/dev.stamp ## Runs N=500 seeded bad files through whole jobs and counts what becomes of them; SEED=1, FIRST=0, FIELDS=1 for numbers of 64 bits alone
	@$(BIN)/python -m tests.corpus.fuzz --cases $(or $(N),500) --seed $(or $(SEED),1) --first $(or $(FIRST),0) $(if $(FIELDS),--fields)

bench-verify: $(VENV)/dev.stamp ## Measures verify on an OUTPUT of a million faces; ARGS="--media 1 --frames 500000"
	@$(BIN)/python -m tests.bench.verify $(ARGS)

train: $(TRAIN_VENV)/train.stamp ## Trains on DATA=folder into MODEL_DIR (default out/model)
	@test -n "$(DATA)" || { echo "usage: make train DATA=folder [MODEL_DIR=folder] [ARGS=...]"; exit 2; }
	@$(TRAIN_VENV)/bin/ferbeam train "$(DATA)" "$(MODEL_DIR)" $(ARGS)

# Each network is trained unless it is there, so that a stopped `make model` goes on.
# Arguments: its name, options, teachers, and the network it begins with.
TAUGHT = test -f "$(MODEL_DIR)/$(1)/card.json" || $(TRAIN_VENV)/bin/ferbeam train "$(DATA)" "$(MODEL_DIR)/$(1)" $(2) $(if $(4),--start "$(MODEL_DIR)/$(4)") $(foreach teacher,$(3),--teacher "$(MODEL_DIR)/$(teacher)") $(ARGS)
# Of faces that are not FER2013's.
OTHERS = --cameras $(if $(ANSWERS),--answers "$(ANSWERS)") $(if $(FACES),--faces "$(FACES)")
model: $(TRAIN_VENV)/train.stamp ## Trains the network that ships and its teachers on DATA=folder (hours) into MODEL_DIR
	@test -n "$(DATA)" || { echo "usage: make model DATA=folder [ANSWERS=file] [FACES=file] [MODEL_DIR=folder] [ARGS=--mixed-precision]"; exit 2; }
	@$(call TAUGHT,first,--epochs 30 --seed 31)
	@$(call TAUGHT,large_41,--network large --epochs 28 --mixup 0.2 --seed 41,first)
	@$(call TAUGHT,large_42,--network large --epochs 24 --views 12 --seed 42,large_41 first)
	@$(call TAUGHT,small_51,--epochs 56 --views 20 --learning-rate 0.08 --seed 51,large_41 large_42,first)
	@$(call TAUGHT,large_43,--network large --epochs 38 --views 16 --learning-rate 0.08 --seed 43,large_42 small_51,large_42)
	@$(call TAUGHT,small_91,--epochs 66 --views 24 --learning-rate 0.08 --seed 91,large_43,small_51)
	@$(call TAUGHT,large_44,--network large --epochs 46 --views 18 --learning-rate 0.08 --seed 44,large_43 small_91,large_43)
	@$(call TAUGHT,small_92,--epochs 60 --views 20 --learning-rate 0.08 --seed 92,large_44,small_91)
	@$(call TAUGHT,large_45,--network large --epochs 44 --views 18 --learning-rate 0.08 --seed 45,large_44 small_92,large_44)
	@$(call TAUGHT,small_101,$(OTHERS) --epochs 12 --views 3 --learning-rate 0.04 --teacher-share 0.8 --label-share 0.05 --mean "$(MODEL_DIR)/small_92" 0.3 --seed 101,large_45,small_92)
	@$(call TAUGHT,small_201,$(OTHERS) --epochs 12 --views 4 --learning-rate 0.03 --teacher-share 0.8 --label-share 0.05 --hint-power 0.04 --faces-hint-power 0.2 --seed 201,large_45,small_101)
	@$(call TAUGHT,fer_cnn,$(OTHERS) --epochs 9 --views 2 --learning-rate 0.02 --hint-power 0.03 --faces-hint-power 0.2 --mean "$(MODEL_DIR)/small_92" 0.3 --seed 202,large_45,small_201)

face-check: $(TRAIN_VENV)/train.stamp ## Trains the face check on the marked pictures of DATA=folder into MODEL_DIR (an hour)
	@test -n "$(DATA)" || { echo "usage: make face-check DATA=folder [MODEL_DIR=folder] [ARGS=...]"; exit 2; }
	@$(TRAIN_VENV)/bin/python -m fer_core.learn.face_check_training "$(DATA)" "$(MODEL_DIR)" $(ARGS)

evaluate: $(TRAIN_VENV)/train.stamp ## Measures MODEL=folder (default: the shipped one) on DATA=folder; report in REPORT
	@test -n "$(DATA)" || { echo "usage: make evaluate DATA=folder [MODEL=folder] [REPORT=folder] [ARGS=...]"; exit 2; }
	@$(TRAIN_VENV)/bin/ferbeam evaluate "$(DATA)" --report "$(REPORT)" $(if $(MODEL),--model "$(MODEL)") $(ARGS)

clean: ## Removes caches; nothing that took long to make
	rm -rf build dist .mypy_cache .pytest_cache .ruff_cache
	find . -name '.venv*' -prune -o -path ./out -prune -o -name __pycache__ -type d -prune -exec rm -rf {} +

# `YES=1` answers for those who cannot be asked.
distclean: clean ## Removes also the environments and out/ with all results and models in it; asks before
	@echo "this removes for good:"; du -sh $(ENVIRONMENTS) out 2> /dev/null || true
	@if [ -z "$(YES)" ]; then printf 'remove all of it? [y/N] '; read -r answer || answer=; \
	  [ "$$answer" = y ] || { echo "nothing was removed but caches"; exit 1; }; fi
	rm -rf $(ENVIRONMENTS) out
