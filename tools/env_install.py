"""Install into an environment, and put what stopped it in one sentence."""

import errno
import re
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FREE_GB, FREE_GB_CUDA = 3, 7
FULL = f"The disk is full: free {FREE_GB} GB ({FREE_GB_CUDA} with CUDA) and call again."
CAUSES = {
    r"No space left on device|Errno 28": FULL,
    r"SSLError|CERTIFICATE_VERIFY_FAILED": "The package index was reached, but its"
    " certificate was not accepted: check the clock, and the proxy's certificate in"
    " PIP_CERT.",
    r"Retrying \(Retry|NewConnectionError|ConnectTimeout|error sending request": "No"
    " network: the package index could not be reached; check the connection (or the"
    " proxy) and call again.",
    r"Read timed out|ReadTimeoutError": "The network is too slow or broke off: call"
    " again.",
    r"Permission denied|Read-only file system|Cannot update time stamp": "A folder"
    " cannot be written to, the environment's or the course's own: see the log's last"
    " lines.",
}


class Failed(Exception):
    """What went wrong and what to do, in one sentence."""


def installer(env) -> list[str]:
    """Return the command that installs: pip, or uv, whose environments have no pip."""
    python = str(env.python)
    pip_there = [python, "-m", "pip", "--version"]
    pip_put_there = [python, "-m", "ensurepip"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    if subprocess.call(pip_there, **quiet) != 0:
        if uv := shutil.which("uv"):
            return [uv, "pip", "install", "--python", python]
        if subprocess.call(pip_put_there, **quiet) != 0:
            raise Failed(
                f"{env.name} has no pip, and its Python brings none along: install uv,"
                f" or pip into it, and call again."
            )
    options = "--no-input --disable-pip-version-check --progress-bar off"
    return [python, "-m", "pip", "install", *options.split()]


def install(env, *arguments: str) -> None:
    """Install, with the output in a log; raise Failed if it fails."""
    command, output, looked_up = [*installer(env), *arguments], [], 0
    with open(env.log, "a", encoding="utf-8") as log:
        log.write(f"\n$ {' '.join(command)}\n")
        child = subprocess.Popen(
            command,
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        try:
            for line in child.stdout:
                log.write(line)
                output.append(line)
                looked_up += line.startswith("Collecting ")
                if line.startswith("Collecting ") and looked_up % 50 == 0:
                    say(f"  ... {looked_up} packages looked up")
                elif text := worth_telling(line):
                    say(f"  ... {text}")
        except BaseException:
            child.kill()
            raise
        finally:
            child.stdout.close()
            code = child.wait()
    if code != 0:
        raise Failed(f"{reason(''.join(output))} (The full log: {env.log})")


def worth_telling(line: str) -> str:
    """Return what of pip's line somebody who waits wants to know, mostly nothing."""
    large = re.match(r"\s*Downloading (\S+?-[^-\s]+)-\S+ \((\S+) ([MG]B)\)", line)
    if large and (large[3] == "GB" or float(large[2]) >= 20):
        return "fetching {}, {} {}".format(*large.groups())
    if line.startswith("Installing collected packages:") and line.count(",") > 10:
        return f"installing {line.count(',') + 1} packages, about half a minute"
    return ""


def reason(output: str) -> str:
    """Read what an installer said: what happened, and what to do."""
    for pattern, sentence in CAUSES.items():
        if re.search(pattern, output):
            return sentence
    # pip's word and uv's, also from a build that they ran
    errors = re.findall(r"^\s*(?:ERROR|cause): (.*)$", output, re.MULTILINE)
    last = errors[-1] if errors else last_line(output)
    return f"Installing failed: {last.rstrip('.')}."


def in_words(error: Exception, setting: str) -> str:
    """Return the sentence for what stopped us, which names what names the folder."""
    if isinstance(error, Failed):
        return str(error)
    if error.errno == errno.ENOSPC:
        return FULL
    where = error.filename or ROOT
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"Cannot write to {where}, for {setting}: make that folder writable."
    return f"Making the environment {setting} failed: {error}."


def last_line(text: str) -> str:
    """Return the last line that says something."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "it said nothing"


def say(text: str) -> None:
    """Print at once."""
    print(text, flush=True)
