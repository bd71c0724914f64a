# Paths are relative and Python's tools are called as modules: the folder's own name may have blanks, # or + in it,
# which neither make nor the first line of an installed script can stand.

RUN = .venv/bin/python
DEMO_ARGS =
BENCH_ARGS =
PYTEST_ARGS =
# pytest's exit code 5: among these tests PYTEST_ARGS picks none.
OR_NONE = $(if $(PYTEST_ARGS),|| [ $$? -eq 5 ])

# What a small production site sets, and nothing of this machine's environment.
PRODUCTION = env -i PATH="$$PATH" ENV_FILE= \
	SECRET_KEY="$$($(RUN) -c 'import secrets; print(secrets.token_urlsafe(50))')" \
	SITE_URL=https://www.example.com ALLOWED_HOSTS=www.example.com \
	EMAIL_URL=smtp+tls://user:password@mail.example.com CACHE_URL=redis://127.0.0.1:6379/0 \
	NEWSLETTER_POSTAL_ADDRESS="1 High Street, Town" TRUSTED_PROXY_COUNT=1 \
	DEFAULT_FROM_EMAIL=news@example.com

.PHONY: help venv demo test proof check messages format test-databases test-django test-hosts test-deploy bench \
	test-bench test-browser pictures

help:
	@echo "make demo            set everything up and serve it; DEMO_ARGS='8001' takes another port"
	@echo "make test            run the tests; PYTEST_ARGS='-k unsubscribe' picks some"
	@echo "make proof           every order, every life, every cut of a click, and the defects they must find; takes minutes"
	@echo "make check           formatting, lint, types, imports, spelling, migrations, deployment checks"
	@echo "make messages        new words of the code into the translations, and those into what Django reads"
	@echo "make format          put the code into shape"
	@echo "make test-browser    what a person does, in Chromium: by mouse, phone and keyboard, in light and dark; axe on every page"
	@echo "make test-databases  the slow tests, and those of races on PostgreSQL and MariaDB"
	@echo "make test-django     all tests on Django 6.0 and 6.1, and on Python 3.10"
	@echo "make test-hosts      copies of apps/tokens in projects of other kinds, with all their tests"
	@echo "make test-deploy     docs/deploying.md on this machine, and going back to a copy of the database"
	@echo "make bench           what links cost, beside what else one could take; BENCH_ARGS='scale sending' measures those"
	@echo "make test-bench      its short form: ratios and numbers of queries, no times"
	@echo "make pictures        those of the README, anew"
	@echo "PYTHON=python3.12 before or after any of them chooses the interpreter of a new .venv"

venv:
	@sed '/^-r /d' requirements.txt requirements-dev.txt | sh scripts/venv .venv

demo: venv
	@$(RUN) manage.py demo $(DEMO_ARGS)

test: venv
	$(RUN) -m pytest -n auto $(PYTEST_ARGS) $(OR_NONE)
	$(RUN) -m apps.tokens.tests -n auto $(PYTEST_ARGS) $(OR_NONE)

proof: venv
	$(RUN) -m pytest -n auto -m "proof or not proof" tests/newsletter/test_every_order.py \
		tests/mailing/test_every_order.py tests/site/test_fuzz.py
	$(RUN) -m apps.tokens.tests -n auto -m "proof or not proof" test_life.py test_cut.py test_every_order.py \
		test_fuzz.py
	$(RUN) -m apps.tokens.tests.seeded --jobs 2

check: venv
	$(RUN) -m ruff format --check .
	$(RUN) -m ruff check .
	$(RUN) -m mypy
	$(RUN) -c "from importlinter.cli import lint_imports_command; lint_imports_command()"
	.venv/bin/typos
	$(RUN) scripts/check_words.py
	$(RUN) scripts/messages.py --check
	$(RUN) manage.py makemigrations --check --dry-run --settings tests.settings
	$(PRODUCTION) $(RUN) manage.py collectstatic --no-input --verbosity 0
	$(PRODUCTION) $(RUN) manage.py check --deploy --fail-level WARNING

messages: venv
	$(RUN) scripts/messages.py

format: venv
	$(RUN) -m ruff check --fix .
	$(RUN) -m ruff format .

test-browser: venv
	bash scripts/test-browser $(PYTEST_ARGS)

pictures: venv
	PICTURES_DIR=docs bash scripts/test-browser -n 0 -k picture

test-databases: venv
	bash scripts/test-databases $(PYTEST_ARGS)

test-django:
	bash scripts/test-django $(PYTEST_ARGS)

test-hosts: venv
	$(RUN) -m pip install --quiet --disable-pip-version-check --no-deps -r tests/hosts/requirements.txt
	$(RUN) -m pytest -n auto -m hosts tests/hosts tests/site/test_startproject.py $(PYTEST_ARGS)

test-deploy: venv
	bash scripts/test-deploy

bench test-bench:
	@sed '/^-r /d' requirements.txt requirements-postgres.txt bench/requirements.txt | sh scripts/venv .venv-bench
	.venv-bench/bin/python -m bench $(if $(filter test-bench,$@),--short) $(BENCH_ARGS)
