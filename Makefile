# Short names for the project's commands; each is a script or a command that also runs on its own.
.DEFAULT_GOAL := help
.PHONY: help setup check test build pictures

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "%-8s %s\n", $$1, $$2}' Makefile

setup: ## install engines, package and test tools into .venv-test, and the checks that run before each commit
	bash tests/setup
	.venv-test/bin/pre-commit install

check: ## style, format, types and spelling; about 10 seconds
	bash tests/check

test: ## everything: setup, check and all tests; PYTEST="-k golden" picks some
	bash tests/run $(PYTEST)

build: ## write output/planning.xlsx and output/paper.xlsx
	.venv-test/bin/workbook build planning
	.venv-test/bin/workbook build paper

pictures: build ## remake the pictures of README.md and docs/language.md
	.venv-test/bin/workbook render output/planning.xlsx --sheet Plan --png output/pictures --dpi 110
	.venv-test/bin/workbook render output/planning.xlsx --sheet Bridge --png output/pictures --dpi 110
	.venv-test/bin/workbook render output/paper.xlsx --sheet Power --png output/pictures --dpi 110
	mv output/pictures/paper_power_3.png output/pictures/power.png
	rm -f output/pictures/*_[0-9].png output/pictures/paper_power.png
