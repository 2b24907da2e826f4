# `sam build` comes here (BuildMethod: makefile): for each function it calls `build-LOGICALID` and takes what lies in ARTIFACTS_DIR.
#
# Why not BuildMethod: rust-cargolambda? It runs cargo once per function, for that package alone. Each package asks for its
# own set of features of the shared dependencies, so cargo compiles them again for each set (measured with three functions:
# 184 s, although a finished build of the workspace lay beside them; with copies: 0.9 s). With fifteen functions that is most
# of a deployment. Here one cargo run builds all functions with one set of features, every dependency once, and each
# function only copies its file.
#
# Needs: cargo-lambda (`pip install cargo-lambda`, which brings zig for the cross-compiler), and once
# `rustup target add aarch64-unknown-linux-gnu`.
#
#   sam build                            with the example configuration
#   CONFIG=/my/configuration sam build   with your own: a directory that holds handbell.yaml and the files it names

ROOT := $(dir $(abspath $(lastword $(MAKEFILE_LIST))))
FUNCTIONS := $(notdir $(patsubst %/Cargo.toml,%,$(wildcard $(ROOT)functions/*/Cargo.toml)))
BINARIES := $(ROOT)target/lambda
CONFIG ?= $(ROOT)examples/green-power

.PHONY: functions build-Configuration

# All functions, and only them: the local runner and the tests stay out. The second time it takes a second.
functions:
	cd "$(ROOT)" && cargo lambda build --release --locked --arm64 --lambda-dir "$(BINARIES)" $(addprefix --package ,$(FUNCTIONS))

# build-ButtonPress takes target/lambda/button-press/bootstrap, and so on: a new function needs no line here.
build-%: functions
	@name=$$(printf '%s' '$*' | sed 's/\([a-z0-9]\)\([A-Z]\)/\1-\2/g' | tr '[:upper:]' '[:lower:]'); \
	mkdir -p "$(ARTIFACTS_DIR)" && install -m 755 "$(BINARIES)/$$name/bootstrap" "$(ARTIFACTS_DIR)/bootstrap"

# A layer is unpacked into /opt, so the folder `handbell` in it becomes /opt/handbell.
build-Configuration:
	@test -f "$(CONFIG)/handbell.yaml" || { echo "There is no handbell.yaml in $(CONFIG). Set CONFIG to the directory that holds it (an absolute path)." >&2; exit 1; }
	@mkdir -p "$(ARTIFACTS_DIR)/handbell" && cp -RL "$(CONFIG)/." "$(ARTIFACTS_DIR)/handbell/"
	@rm -f "$(ARTIFACTS_DIR)/handbell/people.csv" "$(ARTIFACTS_DIR)/handbell/rotas.yaml" # people are in the table
