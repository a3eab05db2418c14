"""Run pip with few lines of its own, and put what stopped it in one sentence.

Readable by any Python, like env.py, which uses it.
"""

from __future__ import print_function

import os
import re
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
FULL = "The disk is full: free about 3 GB and call again."


class Failed(Exception):
    """What went wrong and what to do, in one sentence."""


def say(text):
    print(text)
    sys.stdout.flush()


def last_line(text):
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "it said nothing"


class Progress(object):
    """Turns pip's many lines into few."""

    def __init__(self):
        self.packages = 0
        self.told = time.time()

    def see(self, line):
        large = re.match(r"\s*Downloading (\S+?)-([^-\s]+)-\S+ \((\S+) ([MG]B)\)", line)
        if line.startswith("Collecting "):
            self.packages += 1
        if large and (large.group(4) == "GB" or float(large.group(3)) >= 20):
            self.tell("fetching %s %s, %s %s" % large.groups())
        elif line.startswith("Installing collected packages:"):
            count = line.count(",") + 1
            if count > 10:
                self.tell("installing %d packages, about half a minute" % count)
        elif line.startswith("Collecting ") and time.time() - self.told > 15:
            self.tell("%d packages looked up" % self.packages)

    def tell(self, text):
        say("  ... " + text)
        self.told = time.time()


def pip(python, log_path, arguments):
    """Run `pip install` with its output in a log; raise Failed if it fails."""
    command = [python, "-m", "pip", "install", "--no-input"]
    command += ["--disable-pip-version-check", "--progress-bar", "off"] + arguments
    progress, output = Progress(), []
    with open(log_path, "a") as log:
        log.write("\n$ %s\n" % " ".join(command))
        child = subprocess.Popen(
            command,
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            universal_newlines=True,
            errors="replace",
        )
        try:
            for line in child.stdout:
                log.write(line)
                output.append(line)
                progress.see(line)
        except BaseException:
            child.kill()
            raise
        finally:
            child.stdout.close()
            code = child.wait()
    if code != 0:
        log = os.path.relpath(log_path, ROOT)
        raise Failed("%s (pip's full log: %s)" % (reason("".join(output)), log))


def reason(output):
    """Read pip's output: what happened, and what to do."""
    if "No space left on device" in output or "Errno 28" in output:
        return FULL
    if "SSLError" in output or "CERTIFICATE_VERIFY_FAILED" in output:
        return (
            "The package index was reached, but its certificate was not accepted:"
            " check the clock, and the proxy's certificate in PIP_CERT."
        )
    if re.search("Retrying \\(Retry|NewConnectionError|ConnectTimeout", output):
        return (
            "No network: pip could not reach the package index; check the connection"
            " (or the proxy) and call again."
        )
    if "Read timed out" in output or "ReadTimeoutError" in output:
        return "The network is too slow or broke off: call again."
    if "Permission denied" in output or "Read-only file system" in output:
        return "A folder cannot be written to: see the log's last lines."
    errors = [line for line in output.splitlines() if line.startswith("ERROR:")]
    return "pip failed: %s." % last_line(errors[-1] if errors else output).rstrip(".")
