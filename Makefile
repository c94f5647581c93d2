# Every target sets up what it needs: `make demo` or `make test` may be the first command in a new clone.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# The libraries that the benchmarks compare with bring pandas, scikit-learn and more along.
BENCH := .venv-bench
BENCH_READY := $(BENCH)/.ready
FUZZ := .venv-fuzz
FUZZ_READY := $(FUZZ)/.ready
# The wheel with the compiled detector, unpacked: beside the project, whose sources stay alone.
COMPILED := .compiled
COMPILED_READY := $(COMPILED)/.ready
ARGS ?=
LOCK := uv pip compile --universal --python-version 3.11 --generate-hashes --no-header \
  --no-emit-index-url --no-emit-find-links

.PHONY: demo test soak fuzz bench bench-detection figures wheel-compiled deep deep-ha deep-compiled asyncapi lint types check lock clean

demo: $(READY)  ## a stretching session without hardware, live in the terminal
	@$(BIN)/stretchband demo $(ARGS)

# Python keeps what it compiled, whatever the environment says: the suite starts it again and again.
test: export PYTHONDONTWRITEBYTECODE :=
test: $(READY)  ## the whole suite; most tests wait, so there are five for two cores
	@$(BIN)/python -m pytest -n $$((5 * $$(nproc) / 2)) --dist worksteal $(ARGS)

soak: $(READY)  ## every fault in its long form, about a quarter of an hour; the table of docs/reliability.md
	@$(BIN)/python -m tests.faults.soak $(ARGS)

fuzz: $(FUZZ_READY)  ## every door under atheris, 3 minutes each; the table of docs/security.md
	@$(FUZZ)/bin/python -m tests.fuzz $(ARGS)

deep: $(READY)  ## the daemon on a booted kernel with bluetoothd, in QEMU; as root, about forty minutes
	@$(BIN)/python -m pytest -m deep tests/bluez $(ARGS)

deep-ha: $(READY)  ## a real Home Assistant beside a real session; as root, the first time 3 minutes
	@$(BIN)/python -m pytest -m deep tests/homeassistant $(ARGS)

bench: $(BENCH_READY)  ## how fast the detector is, as Python, compiled, and beside other libraries
	@if command -v $(CC) >/dev/null; then $(MAKE) --no-print-directory $(COMPILED_READY); \
	  else echo "no C compiler ($(CC)) here: the detector is measured as Python only" >&2; fi
	@OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BENCH)/bin/python -m tests.detect.figures.speed \
	  $$(command -v $(CC) >/dev/null && echo --compiled $(COMPILED)) $(ARGS)

wheel-compiled: $(COMPILED_READY)  ## dist/*.whl with the detector compiled, for this Python and machine; 3 minutes

# What is tested is the detector in $(COMPILED), not the project's: tests/detect/test_compiled.py.
deep-compiled: $(COMPILED_READY)  ## the detector's tests on the compiled one
	@PYTHONSAFEPATH=1 PYTHONPATH=$(COMPILED) $(BIN)/python -m pytest -n $$(nproc) --import-mode=append \
	  -m "not inside" tests/detect $(ARGS)

asyncapi: $(READY)  ## write docs/asyncapi.json anew
	@$(BIN)/python -m tracker.mqtt.asyncapi docs/asyncapi.json

lint: $(READY)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: $(READY)
	@$(BIN)/mypy

check: lint types test

# A folder of further recordings, looked at where there is one, and simulated sessions a condition.
RECORDINGS ?= ../shared/data
SEEDS ?= 8

bench-detection: $(BENCH_READY)  ## how well holds and breaths are seen, as Markdown
	@$(BENCH)/bin/python -m tests.detect.figures.bench --recordings $(RECORDINGS) --seeds $(SEEDS)

# What the text around a table says of it has to be read again by a person, and so has what changed.
FIGURES := build/figures.md
figures: $(BENCH_READY)  ## print all tables of figures and put them into docs/; a quarter of an hour
	@mkdir -p $(dir $(FIGURES))
	@{ $(MAKE) --no-print-directory bench && $(MAKE) --no-print-directory bench-detection && \
	  $(BENCH)/bin/python -m tests.detect.figures.degraded && \
	  $(BENCH)/bin/python -m tests.detect.figures.spliced; } > $(FIGURES)
	@$(BENCH)/bin/python -m tests.detect.figures.pages < $(FIGURES)

# The lock has names, versions and hashes only; where packages come from is the machine's own setting.
$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "stretchband needs Python 3.11 or later; PYTHON=... chooses another one" >&2; exit 1; }
	@echo "setting up $(VENV) (once, about a minute)"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(BENCH_READY): requirements-bench.lock pyproject.toml
	@echo "setting up $(BENCH) (once, about two minutes)"
	@$(PYTHON) -m venv $(BENCH)
	@$(BENCH)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-bench.lock
	@touch $@

$(FUZZ_READY): requirements-fuzz.lock pyproject.toml
	@echo "setting up $(FUZZ) (once, about a minute)"
	@$(PYTHON) -m venv $(FUZZ)
	@$(FUZZ)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-fuzz.lock
	@touch $@

# Without pip: it would compile twice, once for what the wheel says of itself.
$(COMPILED_READY): $(READY) hatch_build.py pyproject.toml $(shell find tracker firmware_sim -name '*.py')
	@echo "compiling the detector (about three minutes)"
	@rm -rf $(COMPILED) && mkdir -p $(COMPILED) dist
	@HATCH_BUILD_HOOK_ENABLE_CUSTOM=1 $(BIN)/python -m hatchling build --target wheel --directory $(COMPILED) >/dev/null
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --target $(COMPILED) $(COMPILED)/*.whl
	@mv $(COMPILED)/*.whl dist/
	@touch $@

lock:  ## choose the newest versions that pyproject.toml allows
	$(LOCK) --upgrade --extra dev pyproject.toml -o requirements.lock
	$(LOCK) --upgrade --extra bench -c requirements.lock pyproject.toml -o requirements-bench.lock
	$(LOCK) --upgrade --extra image -c requirements.lock pyproject.toml -o requirements-image.lock
	$(LOCK) --upgrade --extra fuzz -c requirements.lock pyproject.toml -o requirements-fuzz.lock

clean:
	rm -rf $(VENV) $(BENCH) $(FUZZ) $(COMPILED) .mypy_cache .ruff_cache .pytest_cache
