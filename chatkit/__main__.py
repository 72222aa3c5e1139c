"""`python -m chatkit` is the same as the command `chatkit`."""

from chatkit.cli.main import main

if __name__ == "__main__":
    main(prog_name="chatkit")
