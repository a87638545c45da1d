# `make demo` and `make test` each make the environment that they need in .venv, on a fresh machine too; `make pictures`
# makes those of docs/images anew, and `make stubs` what protoc makes of proto/.
#
# Variables: PYTHON       the interpreter that .venv is made with; without it, the first that fits
#            TORCH_INDEX  address of a package index that torch is taken from, such as PyTorch's index of CPU builds

PYTHON =
TORCH_INDEX =

BIN = .venv/bin
PIP = $(BIN)/python -m pip --disable-pip-version-check install
SAY_INSTALL = @echo "Installing into .venv; the first time takes some minutes."; \
	if [ -z "$(TORCH_INDEX)" ] && [ "$$(uname)" = Linux ] && ! command -v nvidia-smi >/dev/null; then \
	    echo "No NVIDIA GPU found: if pip takes the CUDA build of torch below, the CPU build is smaller;" \
	        "the README says how to take that one."; \
	fi
TORCH = $(shell sed -n 's/.*"\(torch==[^"]*\)".*/\1/p' pyproject.toml)

.PHONY: demo demo-server test pictures stubs clean

demo: .venv/.installed
	$(BIN)/snapsplat reconstruct examples/banana -o out/demo
	@echo
	@echo "Look at the preview first. Drop the scene into a splat viewer, such as https://superspl.at/editor in a browser;"
	@echo "docs/viewers.md says which way is up, docs/outputs.md what each file holds."

demo-server: .venv/.installed-serve
	BIN=$(BIN) examples/demo_server.sh

# Two processes, since a core stands still while most tests run; a file's tests stay together, in their order.
# Tests load torch before recon can say so: OpenMP's threads are not to spin while they wait.
test: export OMP_WAIT_POLICY = PASSIVE
test: .venv/.installed-dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/pyright
	$(BIN)/lint-imports
	$(BIN)/pytest --numprocesses 2 --dist loadfile

pictures: .venv/.installed
	$(BIN)/python -m data_tools.make_pictures

stubs: .venv/.installed-dev
	$(BIN)/python -m server.make_stubs

clean:
	rm -rf .venv out

.venv/.installed: .venv/.made pyproject.toml
	$(SAY_INSTALL)
	$(if $(TORCH_INDEX),$(PIP) --index-url "$(TORCH_INDEX)" "$(TORCH)")
	$(PIP) --editable .
	@touch $@

.venv/.installed-serve: .venv/.made pyproject.toml
	$(SAY_INSTALL)
	$(if $(TORCH_INDEX),$(PIP) --index-url "$(TORCH_INDEX)" "$(TORCH)")
	$(PIP) --editable ".[serve]"
	@touch .venv/.installed $@

.venv/.installed-dev: .venv/.made pyproject.toml
	$(SAY_INSTALL)
	$(if $(TORCH_INDEX),$(PIP) --index-url "$(TORCH_INDEX)" "$(TORCH)")
	$(PIP) --editable ".[dev]"
	@touch .venv/.installed $@

.venv/.made:
	@found=; fits='import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))'; \
	for python in $(or $(PYTHON),python3 python3.13 python3.12 python3.11 python); do \
	    if "$$python" -c "$$fits" 2>/dev/null; then found="$$python"; break; fi; \
	done; \
	if [ -z "$$found" ]; then \
	    echo "snapsplat needs Python 3.11, 3.12 or 3.13, and" \
	        "$(or $(PYTHON),python3) is $$("$(or $(PYTHON),python3)" --version 2>/dev/null || echo missing)." \
	        "Install one, or name it: make PYTHON=/usr/bin/python3.12 $(MAKECMDGOALS)" >&2; \
	    exit 1; \
	fi; \
	if ! "$$found" -c 'import ensurepip, venv' 2>/dev/null; then \
	    echo "$$found has no venv with pip: install the system package python3-venv" \
	        "(Debian, Ubuntu: sudo apt install python3-venv)." >&2; \
	    exit 1; \
	fi; \
	"$$found" -m venv .venv
	@touch $@
