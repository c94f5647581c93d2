"""The command `stretchband`."""


def main() -> None: ...
