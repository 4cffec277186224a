#!/usr/bin/env python3
"""A file system that misbehaves in one way: odd_fs.py MOUNTPOINT WAY. Speaks the kernel's FUSE protocol on /dev/fuse.

The tree is the same each time; what is wrong with it is the WAY:
  well       nothing
  renumber   each look at a name gives it another inode number
  collide    a/b/b has the number of a
  one        all directories have one number, and all are alike
  zero       everything has the number 0
  twice      each name is listed twice
  torn       the listing of odd/ fails after three names
  stale      odd/ cannot be opened: ESTALE
  forbidden  odd/ cannot be opened: EPERM
  leads-back odd/back is odd/ again, without end and with odd's number
  endless    the listing of odd/ never ends
  no-stat    the stat of odd/ is never answered
  no-open    the opening of odd/ is never answered
  no-list    the listing of odd/ is never answered
  dies       the server ends at the stat of odd/
  times      files have times at and beyond every edge
  sizes      files have sizes at the edges
Prints "ready" when mounted, "asked" when it is asked for what it never answers. SIGTERM, or the death of its parent,
unmounts and ends it; SIGUSR1 answers what waits.
"""
import ctypes
import errno
import os
import signal
import stat
import struct
import sys

LOOKUP, FORGET, GETATTR, STATFS, RELEASE, INIT, OPENDIR, READDIR, RELEASEDIR, INTERRUPT, DESTROY, BATCH_FORGET = (
    1, 2, 3, 17, 18, 26, 27, 28, 29, 36, 38, 42)
ROOT = 1
FIRST = 1000  # inode numbers are a node's number and this

place, way = sys.argv[1:3]
libc = ctypes.CDLL(None, use_errno=True)
libc.prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG

names_in = {
    "": ["a", "c", "odd", "f0"],
    "a": ["b", "f1"],
    "a/b": ["b", "f2"],
    "a/b/b": ["f3", "f4"],
    "c": ["d", "f5"],
    "c/d": ["f6"],
    "odd": ["g%d" % i for i in range(8)],
}
if way == "leads-back":
    names_in["odd"].append("back")
edges = {  # seconds, nanoseconds
    "f0": (2**63 - 1, 999_999_999),
    "f1": (-(2**63), 0),
    "f2": (9223372036854, 775_807_000),
    "f3": (9223372036855, 0),
    "f4": (-210866803200, 0),
    "f5": (-210866803201, 0),
    "f6": (253402300800, 4_000_000_000),
}
sizes = {"f0": 2**63 - 1, "f1": 2**53 + 1, "f2": 2**62, "f3": 2**63 - 1}

path_of = {ROOT: ""}
node_of = {"": ROOT}
waiting = []


def unmount(*_):
    libc.umount2(place.encode(), 2)  # MNT_DETACH
    os._exit(0)


def is_directory(path):
    return path in names_in or path.endswith("/back")


def children(path):
    return names_in["odd"] if path.endswith("/back") else names_in.get(path, [])


def node(path):
    if path != "" and (way == "renumber" or path not in node_of):
        node_of[path] = len(path_of) + 1
        path_of[node_of[path]] = path
    return node_of[path]


def number(of):
    path = path_of[of]
    if way == "zero":
        return 0
    if way == "one" and is_directory(path):
        return 7
    if way == "collide" and path == "a/b/b":
        return FIRST + node_of["a"]
    if path.endswith("/back"):
        return FIRST + node_of["odd"]
    return FIRST + of


def attributes(of):
    path = path_of[of]
    directory = is_directory(path)
    # Directories differ, as real ones mostly do, but for the way in which nothing tells them apart.
    seconds, nanoseconds = 1_700_000_000 + (len(path) if directory and way != "one" else 0), 5
    size = 4096 if directory else 10
    name = os.path.basename(path)
    if way == "times" and name in edges:
        seconds, nanoseconds = edges[name]
    if way == "sizes":
        size = sizes.get(name, size)
    mode = stat.S_IFDIR | 0o755 if directory else stat.S_IFREG | 0o644
    return struct.pack("<QQQqqqIIIIIIIIII", number(of), size, 8, seconds, seconds, seconds, nanoseconds, nanoseconds,
                       nanoseconds, mode, 2 if directory else 1, 0, 0, 0, 4096, 0)


def answer(request, data=b"", error=0):
    try:
        os.write(device, struct.pack("<IiQ", 16 + len(data), -error, request) + data)
    except OSError:
        pass  # whoever asked is gone


def never(request):
    waiting.append(request)
    print("asked", flush=True)


def let_go(*_):
    while waiting:
        answer(waiting.pop(), error=errno.EIO)


def look_up(request, parent, name):
    path = parent + "/" + name if parent else name
    if name not in children(parent):
        return answer(request, error=errno.ENOENT)
    if path == "odd" and way == "no-stat":
        return never(request)
    if path == "odd" and way == "dies":
        os._exit(0)
    of = node(path)
    valid = 0 if way == "renumber" else 60
    answer(request, struct.pack("<QQQQII", of, 0, valid, valid, 0, 0) + attributes(of))


def open_directory(request, of):
    refused = {"stale": errno.ESTALE, "forbidden": errno.EPERM}.get(way)
    if path_of[of] == "odd" and refused:
        return answer(request, error=refused)
    if path_of[of] == "odd" and way == "no-open":
        return never(request)
    answer(request, struct.pack("<QIi", of, 0, 0))


def list_directory(request, path, offset, room):
    odd = path == "odd"
    if odd and way == "no-list":
        return never(request)
    if odd and way == "torn" and offset >= 5:
        return answer(request, error=errno.EIO)
    names = [".", ".."] + children(path) * (2 if way == "twice" else 1)
    piece = b""
    at = offset
    while at < len(names) or (odd and way == "endless"):
        if odd and way == "torn" and at >= 5:
            break
        name = names[at] if at < len(names) else children(path)[at % 8]
        encoded = name.encode()
        entry = struct.pack("<QQII", 99, at + 1, len(encoded), 0) + encoded
        entry += b"\0" * (-len(entry) % 8)
        if len(piece) + len(entry) > room:
            break
        piece += entry
        at += 1
    answer(request, piece)


device = os.open("/dev/fuse", os.O_RDWR)
options = f"fd={device},rootmode=40000,user_id=0,group_id=0,allow_other"
if libc.mount(b"odd", place.encode(), b"fuse", 1 | 2 | 4, options.encode()) != 0:  # MS_RDONLY, MS_NOSUID, MS_NODEV
    sys.exit("mount: " + os.strerror(ctypes.get_errno()))
signal.signal(signal.SIGTERM, unmount)
signal.signal(signal.SIGUSR1, let_go)
print("ready", flush=True)
while True:
    try:
        message = os.read(device, 1 << 20)
    except OSError as e:
        if e.errno == errno.ENOENT:
            continue  # whoever asked was interrupted
        os._exit(0)
    _, kind, request, of = struct.unpack("<IIQQ", message[:24])
    body = message[40:]
    if kind == INIT:
        answer(request, struct.pack("<IIIIHHIIHHI", 7, 31, 131072, 0, 12, 10, 131072, 1, 32, 0, 0) + b"\0" * 24)
    elif kind == LOOKUP:
        look_up(request, path_of[of], body[:-1].decode())
    elif kind == GETATTR:
        answer(request, struct.pack("<QII", 0, 0, 0) + attributes(of))
    elif kind == OPENDIR:
        open_directory(request, of)
    elif kind == READDIR:
        offset, room = struct.unpack("<QI", body[8:20])
        list_directory(request, path_of[of], offset, room)
    elif kind == RELEASEDIR:
        answer(request)
    elif kind == STATFS:
        answer(request, struct.pack("<QQQQQIIII", 1000, 500, 500, 100, 50, 4096, 255, 4096, 0) + b"\0" * 24)
    elif kind in (FORGET, BATCH_FORGET, INTERRUPT):
        pass
    elif kind == DESTROY:
        os._exit(0)
    else:
        answer(request, error=errno.ENOSYS)
