"""Runs the sandbox in the foreground: `python -m clickhouse_server` inside its virtual environment (see `clickhouse`)."""

import argparse
import fcntl
import os
import shutil
import signal
import sys
import tempfile
import threading
from pathlib import Path


def arguments(argv=None):
    """Reads the command line."""
    parser = argparse.ArgumentParser(prog="clickhouse", description="A throw-away ClickHouse for trying and testing, over chDB.")
    parser.add_argument("--port", type=int, default=0, help="the port on 127.0.0.1 (0, the default, picks a free one)")
    parser.add_argument("--data", metavar="DIR", help="keep the data here (default: a temporary folder, removed at the end)")
    parser.add_argument("--user", default="default", help="the administrator's name")
    parser.add_argument("--password", default="", help="the administrator's password (default: empty)")
    parser.add_argument("--engine", default="26.9", choices=["26.9", "25.8", "24.8"], help="the ClickHouse version")
    parser.add_argument("--log", metavar="FILE", help="append one JSON line per statement received")
    parser.add_argument("--tls", action="store_true", help="serve HTTPS with a CA made for the data folder")
    parser.add_argument("--tls-client", action="store_true", help="ask for client certificates as well (implies --tls)")
    parser.add_argument("--exit-with-stdin", action="store_true", help="stop at the end of standard input")
    return parser.parse_args(argv)


def _lock(folder):
    file = open(folder / "lock", "a")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        sys.exit(f"clickhouse: {folder} is in use by another sandbox")
    return file


def _take_stdin():
    """Keeps standard input from the engine, which would wait for a query there; returns its new number."""
    number = os.dup(0)
    with open(os.devnull, "rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    return number


def _watch(number, stop):
    while os.read(number, 65536):
        pass
    stop.set()


def main():
    """Starts, serves, stops."""
    options = arguments()
    os.environ.setdefault("TZ", "UTC")
    stdin = _take_stdin()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    log = os.path.abspath(options.log) if options.log else None
    folder = Path(options.data).resolve() if options.data else Path(tempfile.mkdtemp(prefix="charter-sandbox-"))
    folder.mkdir(parents=True, exist_ok=True)
    lock = _lock(folder)
    try:
        serve(options, folder, log, stop, stdin)
    finally:
        if not options.data:
            shutil.rmtree(folder, ignore_errors=True)
        lock.close()
    sys.stdout.flush()
    os._exit(0)  # the engine's own exit handlers may crash


def serve(options, folder, log, stop, stdin):
    """Serves until `stop` is set."""
    from . import http_front, users_xml
    from .service import Service
    from .statement_log import StatementLog
    from .worker import Worker

    if not users_xml.is_possible(options.user):
        sys.exit(f"clickhouse: --user {options.user}: letters, digits, _ and - only")
    tls, scheme = None, "http"
    if options.tls or options.tls_client:
        from . import tls as certificates

        tls, scheme = certificates.server_context(folder, options.tls_client), "https"
    worker = Worker(options.engine, folder, options.user)
    service = Service(worker, StatementLog(log), options.user, options.password)
    server = http_front.Server(options.port, service, tls)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    for number in (signal.SIGTERM, signal.SIGINT):  # the engine installs handlers of its own
        signal.signal(number, lambda *_: stop.set())
    if options.exit_with_stdin:
        threading.Thread(target=_watch, args=(stdin, stop), daemon=True).start()
    if tls is not None:
        print(f"CLICKHOUSE_CA={folder}/tls/ca.pem", flush=True)
    print(f"CLICKHOUSE_URL={scheme}://127.0.0.1:{server.server_port}", flush=True)
    stop.wait()
    http_front.close(server)
    worker.stop()


if __name__ == "__main__":
    main()
