"""What bench/run.py's parts share: the database "bench" of the throwaway server, forebay's environment without settings
of the caller's, and how a program is run and charged."""
import json
import os
import pathlib
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
SETTINGS = re.compile(r"^(USE_MEMORY_DB|(MEMORY_DB|SYNC|SCAN|FOREBAY)_.*)$")


class Failed(Exception):
    """A contestant did not do its job; shown in the table, and the rounds go on."""


def psql(*arguments, database="bench"):
    """Statements, or psql's own options; what it prints."""
    words = [part for argument in arguments
             for part in ((argument,) if argument.startswith("-") else ("-c", argument))]
    done = subprocess.run(["psql", "-qXAt", "-v", "ON_ERROR_STOP=1", "-d", database, *words],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        raise Failed(f"psql: {cause(done.stderr)}")
    return done.stdout.strip()


def cause(said):
    """The line that tells why, of what a program wrote before it failed.

    >>> cause("NOTICE:  no table\\nERROR:  no column\\nLINE 1: x\\n"), cause("first\\nlast\\n"), cause("")
    ('ERROR:  no column', 'last', 'it said nothing')
    """
    lines = said.strip().splitlines() or ["it said nothing"]
    return next((line for line in lines if re.search(r"\b(ERROR|FATAL|what\(\)):", line)), lines[-1])


def answer(pattern, output):
    """What a contestant says in a line of its own.

    >>> answer(r"rows=(\\d+)", "rows=7"), answer(r"rows=(\\d+)", "")
    Traceback (most recent call last):
    ...
    testbed.Failed: it did not say rows=(\d+)
    """
    found = re.search(pattern, output)
    if not found:
        raise Failed(f"it did not say {pattern}")
    return found[1]


def answers(output):
    """Its JSON."""
    try:
        return json.loads(output)
    except json.JSONDecodeError as why:
        raise Failed(f"what it printed is no JSON: {why}") from why


def run(command, environment, accept=(0,), discard=False):
    """Runs it as a whole process: its output, and what it took in seconds, processor seconds and memory."""
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        started = time.monotonic()
        child = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL,
                                 stdout=subprocess.DEVNULL if discard else out, stderr=err, cwd=environment["HOME"])
        try:
            _, status, usage = os.wait4(child.pid, 0)
        except BaseException:  # Ctrl-C, TERM: nobody else would end it
            child.kill()
            child.wait()
            raise
        seconds = time.monotonic() - started
        child.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        if child.returncode not in accept:
            raise Failed(f"status {child.returncode}: {cause(err.read())}")
        return out.read(), {"seconds": seconds, "cpu_seconds": usage.ru_utime + usage.ru_stime,
                            "peak_memory_bytes": usage.ru_maxrss * 1024}


def say(line):
    print(line, file=sys.stderr, flush=True)


class Testbed:
    def __init__(self, programs):
        self.forebay = str(programs / "forebay")
        self.bench = programs / "bench"
        self.home = tempfile.mkdtemp(prefix="forebay-bench.")
        # No settings of the caller's, and a folder without .env: forebay at its defaults.
        self.environment = {k: v for k, v in os.environ.items() if not SETTINGS.match(k)}
        self.environment.update(HOME=self.home, FOREBAY_STATE_DIR=os.path.join(self.home, "state"),
                                BENCH_SCRATCH=os.path.join(self.home, "scratch"), PGDATABASE="bench",
                                DATABASE_URL=os.environ["DATABASE_URL"].replace("/forebay?", "/bench?"))

    def program(self, name):
        return str(self.bench / name)

    def fresh_database(self):
        psql("set client_min_messages = warning", "drop database if exists bench with (force)", "create database bench",
             database="postgres")
        # What was there before is not to be written in the time of what comes.
        psql("checkpoint")

    def fresh_state(self):
        shutil.rmtree(self.environment["FOREBAY_STATE_DIR"], ignore_errors=True)

    def remove(self):
        shutil.rmtree(self.home, ignore_errors=True)


def machine(build_type):
    def first_line(command):
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False, cwd=HERE)
        return done.stdout.strip().split("\n")[0] if done.returncode == 0 else "unknown"

    def from_proc(path, key):
        for line in pathlib.Path(path).read_text(encoding="utf-8").splitlines():
            if line.startswith(key):
                return line.split(":", 1)[1].strip()
        return "unknown"

    return {
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "commit": first_line(["git", "describe", "--always", "--dirty", "--abbrev=12"]),
        "build_type": build_type,
        "kernel": platform.release(),
        "cpus": len(os.sched_getaffinity(0)),
        "cpu": from_proc("/proc/cpuinfo", "model name"),
        "memory": from_proc("/proc/meminfo", "MemTotal"),
        "load_at_start": os.getloadavg()[0],
        "postgresql": psql("select version()", database="postgres"),
        "fsync": psql("show fsync", database="postgres"),
        "server_file_system": first_line(["stat", "-f", "-c", "%T", os.environ["THROWAWAY_PG_DATA"]]),
        "state_file_system": first_line(["stat", "-f", "-c", "%T", tempfile.gettempdir()]),
    }
