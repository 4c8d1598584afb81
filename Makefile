# make example   a model of a small real map, in jobs/example
# make test      all tests
# Both make an environment in .venv first, once; after that they need no network.

PYTHON ?= python3
# Where wheels of torch without CUDA are; empty for PyPI's own, which on Linux bring CUDA along.
TORCH_INDEX ?= https://download.pytorch.org/whl/cpu

BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
EXAMPLE := examples/emd_5925
JOB := jobs/example

.PHONY: example test environment clean
.DEFAULT_GOAL := example

environment: .venv/ready

# The self-test compiles the kernels of builds, so that the first one need not.
.venv/ready: setup.py src/engine/requirements.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(PIP) install --quiet "setuptools>=77,<90"
	$(PIP) install --quiet --no-deps --retries 1 \
		$(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX)) "torch>=2.13,<2.14"
	# Compiled kernels that a plain `pip install .` leaves behind would hide the editable package.
	-$(PIP) uninstall --quiet --yes critasser
	rm -rf "$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/critasser"
	$(PIP) install --quiet --no-build-isolation --editable ".[test]"
	$(BIN)/critasser selftest --device cpu
	touch $@

example: environment
	if [ -f $(JOB)/job.json ]; then \
		$(BIN)/critasser build --resume $(JOB); \
	else \
		$(BIN)/critasser build $(EXAMPLE)/map.mrc.gz $(EXAMPLE)/sequence.fasta \
			-o $(JOB) --resolution 3.64 --quality draft; \
	fi

# As many processes as there are processors, each with files of tests of its own, in order.
test: environment
	$(BIN)/python -m pytest -q -n logical --maxprocesses 4 --dist loadfile --no-loadscope-reorder

clean:
	rm -rf .venv jobs/example
