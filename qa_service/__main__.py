"""`python -m qa_service`: the commands."""

import sys

from qa_service.cli.commands import run


def main() -> None:
    sys.exit(run())


if __name__ == "__main__":
    main()
