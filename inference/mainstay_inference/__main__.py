"""The command line: serve, convert, check."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from pathlib import Path

from . import RECOGNITION


def main(arguments: list[str] | None = None) -> int:
    """Runs one command and returns the exit status; what went wrong goes to stderr."""
    options = _parser().parse_args(arguments)
    _prepare()
    from .convert import Failed

    try:
        if options.command == "convert":
            return _convert(options)
        if options.command == "check":
            return _check(options)
        return _serve(options)
    except (Failed, OSError) as error:
        print(f"mainstay_inference: {error}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="mainstay_inference", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, help_ in (
        ("serve", "answer requests until idle, or until standard input closes"),
        ("convert", "turn downloaded state dictionaries into ONNX graphs"),
        ("check", "run every network once"),
    ):
        command = commands.add_parser(name, help=help_)
        command.add_argument("--models", type=Path, required=True, help="the models folder")
        command.add_argument("--recognition", choices=RECOGNITION, default=RECOGNITION[0])
        command.add_argument("--threads", type=_count, default=_cores(), help="cores to use")
    _add_serve(commands.choices["serve"])
    return parser


def _add_serve(serve: argparse.ArgumentParser) -> None:
    where = serve.add_mutually_exclusive_group(required=True)
    where.add_argument("--socket", type=Path, help="path of the unix socket")
    where.add_argument("--listen", metavar="HOST:PORT", help="serve another machine over TLS")
    serve.add_argument("--idle-seconds", type=float, default=0, help="0: never end by itself")
    serve.add_argument("--tls-cert", type=Path)
    serve.add_argument("--tls-key", type=Path)
    serve.add_argument("--token-file", type=Path, help="a file with the bearer token")


def _count(text: str) -> int:
    value = int(text)
    if not 1 <= value <= 256:
        raise argparse.ArgumentTypeError("want 1 to 256")
    return value


def _cores() -> int:
    return min(8, len(os.sched_getaffinity(0)))


def _prepare() -> None:
    """Settings that libraries read when they are imported: no network, one thread a worker."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    os.environ["OMP_NUM_THREADS"] = "1"
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    sys.dont_write_bytecode = True


def _convert(options: argparse.Namespace) -> int:
    from .convert import convert

    for path in convert(options.models):
        print(f"wrote {path}")
    return 0


def _check(options: argparse.Namespace) -> int:
    from .convert import check

    for line in check(options.models, options.recognition, options.threads):
        print(line)
    return 0


def _serve(options: argparse.Namespace) -> int:
    from .convert import Failed
    from .networks import Networks
    from .server import Remote, serve_remote, serve_socket
    from .service import Service

    signal.signal(signal.SIGTERM, _terminate)
    service = Service(Networks(options.models, options.recognition, options.threads))
    if options.socket:
        serve_socket(service, options.socket, options.idle_seconds)
        return 0
    if not (options.tls_cert and options.tls_key and options.token_file):
        raise Failed("--listen needs --tls-cert, --tls-key and --token-file")
    host, _, port = options.listen.rpartition(":")
    token = options.token_file.read_bytes().strip()
    if not host or not port.isdigit() or len(token) < 16:
        raise Failed("--listen wants HOST:PORT, and the token at least 16 bytes")
    remote = Remote(host.strip("[]"), int(port), options.tls_cert, options.tls_key, token)
    serve_remote(service, remote, options.idle_seconds)
    return 0


def _terminate(_number: int, _frame: object) -> None:
    raise SystemExit(0)


if __name__ == "__main__":
    sys.exit(main())
