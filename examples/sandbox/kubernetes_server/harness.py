"""Starts the sandbox for a test script, and counts for it."""

import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import unittest

import rest

EXAMPLES = pathlib.Path(__file__).resolve().parents[2]
SCRIPT = EXAMPLES / "sandbox" / "kubernetes"
SECRETS = "/api/v1/namespaces/operations/secrets"
TENANTS = "/apis/superset.charter.dev/v1alpha1/namespaces/operations/supersettenants"


class Sandbox:
    """A running sandbox: `client` is its administrator, `limited` the user without rights."""

    def __init__(self, *arguments):
        command = [sys.executable, str(SCRIPT), "--exit-with-stdin", *map(str, arguments)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        if not line.startswith("KUBECONFIG="):
            code = self.process.wait()
            self.close_pipes()
            if code == 77:
                raise unittest.SkipTest("no Kubernetes API server; see above")
            raise RuntimeError(f"the sandbox ended with code {code}")
        self.kubeconfig = pathlib.Path(line.strip().partition("=")[2])
        config = json.loads(self.kubeconfig.read_text(encoding="utf-8"))
        tokens = {user["name"]: user["user"]["token"] for user in config["users"]}
        port = int(config["clusters"][0]["cluster"]["server"].rpartition(":")[2])
        authority = self.kubeconfig.parent / "certificates" / "apiserver.crt"
        self.client = rest.Client(port, str(authority), tokens["sandbox"])
        self.limited = self.client.user(tokens["sandbox-limited"])

    def children(self):
        """The process ids of etcd and the API server (Linux)."""
        pid = self.process.pid
        return [int(child) for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]

    def stop(self, number=signal.SIGTERM):
        """Ends it with a signal, or with the end of its standard input for None. Returns its exit code."""
        if number is None:
            self.process.stdin.close()
        elif self.process.poll() is None:
            self.process.send_signal(number)
        code = self.process.wait(30)
        self.close_pipes()
        return code

    def close_pipes(self):
        self.process.stdin.close()
        self.process.stdout.close()


def run_script(*arguments, **environment):
    """Runs the sandbox script to its end, with these variables set."""
    command = [sys.executable, str(SCRIPT), *map(str, arguments)]
    return subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True, timeout=60)


def temporary_folder(test):
    """Returns a new folder that goes away with the test."""
    folder = tempfile.TemporaryDirectory()
    test.addCleanup(folder.cleanup)
    return pathlib.Path(folder.name)


def main():
    """Runs the tests of the calling script and prints `N passed, N failed, N skipped`."""
    program = unittest.main(exit=False, verbosity=2)
    result = program.result
    failed = len(result.failures) + len(result.errors) + len(result.unexpectedSuccesses)
    skipped = len(result.skipped)
    # A skipped or failed set-up of the whole file counts without having run a test.
    passed = max(0, result.testsRun - failed - skipped)
    print(f"{passed} passed, {failed} failed, {skipped} skipped", flush=True)
    sys.exit(1 if failed or not (passed or skipped) else 0)
