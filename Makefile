# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

PYTHON ?= python3
VENV := .venv
STAMP := $(VENV)/.installed-$(shell cat tests/requirements.txt tests/venv | cksum | cut -d ' ' -f 1)
WITH_VENV := PATH="$(CURDIR)/$(VENV)/bin:$$PATH" PYTHONDONTWRITEBYTECODE=1
PYTEST := $(WITH_VENV) python -m pytest
WORKERS ?= 2
PARALLEL := -n $(WORKERS) --dist load --maxschedchunk 1

.DEFAULT_GOAL := help
.PHONY: help venv cluster-up cluster-down unit integration unattended lint test demo demo-incident benchmarks clean

help:  ## Say what there is
	@sed -n 's/^\([a-z-]*\):.*## /\1|/p' Makefile | while IFS='|' read -r name words; do printf '  make %-13s %s\n' "$$name" "$$words"; done

venv: $(STAMP)  ## Install the Python packages that tests and demo need, into .venv
$(STAMP):
	@PYTHON="$(PYTHON)" tests/venv $(VENV) $@

cluster-up: venv  ## Start the test cluster and print its kubeconfig's path
	@$(WITH_VENV) python -m tests.cluster up

cluster-down: venv  ## Stop the test cluster and leave nothing behind
	@$(WITH_VENV) python -m tests.cluster down

demo: cluster-up  ## See the main job on a real pod
	@$(WITH_VENV) tests/demo/run

demo-incident: cluster-up  ## See an alert become evidence
	@$(WITH_VENV) python -m tests.demo.incident

unit: venv  ## Run the unit tests
	$(PYTEST) tests/unit

integration: cluster-up  ## Run the playbooks of tests/integration against the test cluster
	$(PYTEST) -v $(PARALLEL) tests/integration

unattended: cluster-up  ## Run the tests from an alert to evidence, with the real Alertmanager and ansible-rulebook
	$(PYTEST) -v tests/unattended

lint: venv  ## Run every tool of tests/gates over the project
	$(PYTEST) -v tests/gates

test: cluster-up  ## Run everything: unit tests, cluster, playbooks, gates
	$(PYTEST) -v $(PARALLEL)

benchmarks: cluster-up  ## Measure the figures, as ratios within one run
	@$(WITH_VENV) python -m tests.benchmarks

clean:  ## Remove what the other targets made in this checkout
	rm -rf .build $(VENV)
