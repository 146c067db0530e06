"""Finds kube-apiserver and etcd, or builds them once from upstream's Go modules.

`KUBEBUILDER_ASSETS` (the convention of setup-envtest), when set, is the folder that holds them, and nothing else is
tried. Otherwise they are built from the Go module in this folder and kept in
`${XDG_CACHE_HOME:-~/.cache}/charter/kube/<versions>-<digest of the module>/`. A lock lets one build run at a time, and the
finished folder appears by a rename, so a folder that exists is complete.
"""

import contextlib
import fcntl
import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

MODULE = pathlib.Path(__file__).resolve().parent
NAMES = ("kube-apiserver", "etcd")


class Error(Exception):
    """Something the user must mend; the text is shown as it is."""


class NoToolchain(Error):
    """There are no binaries and nothing to build them with."""


def say(text):
    print(f"sandbox: {text}", file=sys.stderr, flush=True)


def find():
    """Returns the folder that holds both binaries, building them when there is none."""
    assets = os.environ.get("KUBEBUILDER_ASSETS")
    if assets:
        missing = [name for name in NAMES if not os.access(os.path.join(assets, name), os.X_OK)]
        if missing:
            raise Error(f"KUBEBUILDER_ASSETS is {assets}, which has no executable {' and no '.join(missing)}")
        return pathlib.Path(assets)
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    cache = pathlib.Path(base, "charter", "kube").absolute()
    done = cache / cache_key()
    if not done.is_dir():
        cache.mkdir(parents=True, exist_ok=True)
        with exclusively(cache / "lock"):
            if not done.is_dir():
                build(cache, done)
    return done


def version(module):
    """Returns the version of a module that go.mod requires, as `v1.2.3`."""
    found = re.search(rf"^\s*{re.escape(module)} (v\S+)$", (MODULE / "go.mod").read_text(), re.MULTILINE)
    if not found:
        raise Error(f"go.mod requires no {module}")
    return found.group(1)


def cache_key():
    """Names the build: both versions, and a digest of all that goes into it."""
    digest = hashlib.sha256()
    for file in ("go.mod", "go.sum", "kube-apiserver/main.go", "etcd/main.go"):
        digest.update((MODULE / file).read_bytes())
    kube, etcd = version("k8s.io/kubernetes"), version("go.etcd.io/etcd/server/v3")
    return f"{kube}-etcd-{etcd}-{digest.hexdigest()[:8]}"


@contextlib.contextmanager
def exclusively(path):
    """Holds an advisory lock on a file; the system drops it when the process ends."""
    with open(path, "w", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("waiting for another build of kube-apiserver and etcd to finish")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def build(cache, done):
    """Builds both binaries into `done`. The caller holds the lock."""
    environment = dict(os.environ, CGO_ENABLED="0", GOWORK="off", GOFLAGS="-mod=readonly")
    check_toolchain(environment)
    for leftover in cache.glob("build-*"):  # of a build that was killed: we hold the lock, so it is nobody's
        shutil.rmtree(leftover)
    kube = version("k8s.io/kubernetes")
    major, minor = kube.lstrip("v").split(".")[:2]
    stamp = "k8s.io/component-base/version"
    # Clients such as kubectl parse the version, and upstream's default is not one.
    flags = f"-s -w -X {stamp}.gitVersion={kube} -X {stamp}.gitMajor={major} -X {stamp}.gitMinor={minor}"
    jobs = max(2, (os.cpu_count() or 2) // 2)
    say(f"building kube-apiserver {kube} and etcd, once, into {done} (5 minutes on two cores)")
    start = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="build-", dir=cache, ignore_cleanup_errors=True) as scratch:
        output = os.path.join(scratch, "out", "")
        command = ["go", "build", "-p", str(jobs), "-trimpath", "-buildvcs=false", "-ldflags", flags, "-o", output]
        command += [f"./{name}" for name in NAMES]
        # Standard output is for the kubeconfig alone.
        built = subprocess.run(command, cwd=MODULE, env=environment, stdin=subprocess.DEVNULL, stdout=sys.stderr)
        if built.returncode != 0:
            raise Error(f"go build failed with exit code {built.returncode}; set KUBEBUILDER_ASSETS to use binaries that exist")
        os.rename(output, done)
    say(f"built in {time.monotonic() - start:.0f} s")


def check_toolchain(environment):
    """Fails unless there is a Go that can read our go.mod."""
    how = (
        "set KUBEBUILDER_ASSETS to a folder with kube-apiserver and etcd "
        "(`setup-envtest use -p path` prints one), or install Go 1.26 or newer (https://go.dev/dl)"
    )
    if not shutil.which("go", path=environment.get("PATH")):
        raise NoToolchain(f"SKIPPED: there is no Kubernetes API server here and no Go to build one: {how}")
    asked = subprocess.run(["go", "list", "-m"], cwd=MODULE, env=environment, capture_output=True, text=True)
    if asked.returncode != 0:
        reason = (asked.stderr.strip().splitlines() or ["go list -m failed"])[-1]
        raise NoToolchain(f"SKIPPED: this Go cannot build the Kubernetes API server ({reason}): {how}")
