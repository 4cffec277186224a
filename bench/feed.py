"""The program bench/feed.cpp, for the drivers that feed rows by it."""
import json
import os
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
