"""System checks of our own; `manage.py check --deploy` fails on what would be unsafe in production."""
