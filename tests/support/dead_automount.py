#!/usr/bin/env python3
"""An automount point that nobody serves: dead_automount.py MOUNTPOINT. Prints "ready" when it is there, "asked" for each
request to mount; answers none. SIGTERM, SIGUSR1 or the death of its parent unmounts and ends it; what waits goes on waiting."""
import ctypes
import os
import signal
import sys

place = sys.argv[1]
libc = ctypes.CDLL(None, use_errno=True)
libc.prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG
os.setsid()  # what belongs to the daemon's process group sees the directory below, and asks for nothing


def unmount(*_):
    libc.umount2(place.encode(), 2)  # MNT_DETACH
    os._exit(0)


requests, kernels_end = os.pipe()
options = f"fd={kernels_end},pgrp={os.getpgrp()},minproto=5,maxproto=5,direct"
if libc.mount(b"dead", place.encode(), b"autofs", 0, options.encode()) != 0:
    sys.exit("mount: " + os.strerror(ctypes.get_errno()))
signal.signal(signal.SIGTERM, unmount)
signal.signal(signal.SIGUSR1, unmount)
print("ready", flush=True)
while os.read(requests, 4096):
    print("asked", flush=True)
