"""The throwaway server of scripts/with-postgres.sh, for the drivers that stop, freeze and start it."""
import os
import signal
import subprocess


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
