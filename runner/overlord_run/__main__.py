"""Make `python -m overlord_run` the same as `overlord-run`."""

from overlord_run.cli.main import main

if __name__ == "__main__":
    main()
