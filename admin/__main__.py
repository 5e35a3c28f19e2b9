"""`python -m admin` is `tierwise`: for child processes, which must not depend on PATH."""

from admin.command_line import main

main(prog_name="tierwise")
