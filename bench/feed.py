"""The program bench/feed.cpp, and the throwaway server of scripts/with-postgres.sh, for the drivers that feed rows by
the one, and those that stop and start the other."""
import json
import os
import signal
import subprocess
import tempfile
import weakref

from testbed import SETTINGS


class Feed:
    """A producer in a process of its own, with a state directory of its own that is gone with it."""

    def __init__(self, program, *arguments, **settings):
        self.folder = tempfile.TemporaryDirectory(prefix="forebay-feed.")
        env = {name: value for name, value in os.environ.items() if not SETTINGS.match(name)}
        env.update(FOREBAY_STATE_DIR=self.folder.name, FOREBAY_LOG_LEVEL="error",
                   **{name: str(value) for name, value in settings.items()})
        self.process = subprocess.Popen([program, *arguments], env=env, cwd=self.folder.name, text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        weakref.finalize(self, self.process.kill)  # however we end; before the folder goes

    def ask(self, *words):
        self.process.stdin.write(" ".join(str(w) for w in words) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"the producer ended with status {self.process.wait()} at: {' '.join(map(str, words))}")
        return json.loads(line)

    def end(self):
        self.process.stdin.close()
        status = self.process.wait()
        self.folder.cleanup()
        if status != 0:
            raise SystemExit(f"the producer ended with status {status}")


class Server:
    """The throwaway PostgreSQL that scripts/with-postgres.sh started for us."""

    def __init__(self):
        self.data = os.environ["THROWAWAY_PG_DATA"]
        self.bin = os.environ["THROWAWAY_PG_BIN"]
        self.owner = os.stat(self.data).st_uid

    def _pg_ctl(self, *arguments):
        subprocess.run([f"{self.bin}/pg_ctl", "-D", self.data, "-w", "-t", "120", "-s", *arguments], check=True, cwd="/",
                       user=self.owner if os.geteuid() == 0 else None, stdin=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL)

    def start(self):
        self._pg_ctl("start", "-l", os.path.join(os.path.dirname(self.data), "server.log"))

    def stop(self):
        self._pg_ctl("stop", "-m", "immediate")

    def _processes(self):
        with open(os.path.join(self.data, "postmaster.pid"), encoding="utf-8") as file:
            postmaster = int(file.readline())
        with open(f"/proc/{postmaster}/task/{postmaster}/children", encoding="utf-8") as file:
            return [postmaster] + [int(pid) for pid in file.read().split()]

    def freeze(self):
        """The postmaster first: then no process joins the others that are stopped."""
        for pid in self._processes():
            os.kill(pid, signal.SIGSTOP)

    def thaw(self):
        for pid in self._processes():
            os.kill(pid, signal.SIGCONT)

    def query(self, sql):
        out = subprocess.run([f"{self.bin}/psql", "-qXAt", os.environ["DATABASE_URL"], "-c", sql], check=True,
                             capture_output=True, text=True)
        return out.stdout.strip()
