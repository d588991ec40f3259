"""ELF files: the loader and the libraries are named by store path."""

import glob
import os
import struct
import subprocess
import sys

PT_LOAD, PT_DYNAMIC, PT_INTERP = 1, 2, 3
DT_NEEDED, DT_STRTAB, DT_RPATH, DT_RUNPATH = 1, 5, 15, 29
EXECUTABLE, SHARED = 2, 3


def read_dynamic(path):
    """(has a loader, needed libraries, run path) of a dynamic 64-bit little-endian ELF file, else None."""
    with open(path, "rb") as file:
        head = file.read(64)
        if len(head) < 64 or head[:6] != b"\x7fELF\x02\x01" or struct.unpack_from("<H", head, 16)[0] not in (EXECUTABLE, SHARED):
            return None
        file.seek(0)
        data = file.read()
    offset, = struct.unpack_from("<Q", head, 32)
    size, count = struct.unpack_from("<HH", head, 54)
    segments = [struct.unpack_from("<IIQQQQ", data, offset + size * i) for i in range(count)]
    dynamic = next((s for s in segments if s[0] == PT_DYNAMIC), None)
    if dynamic is None or dynamic[5] == 0:
        return None
    entries = [struct.unpack_from("<qQ", data, at) for at in range(dynamic[2], dynamic[2] + dynamic[5], 16)]
    table = next((value for tag, value in entries if tag == DT_STRTAB), None)
    if table is None:
        return None
    load = next(s for s in segments if s[0] == PT_LOAD and s[3] <= table < s[3] + s[5])
    start = load[2] + table - load[3]

    def texts(*tags):
        ends = [(start + value, data.index(b"\0", start + value)) for tag, value in entries if tag in tags]
        return [data[begin:end].decode() for begin, end in ends]

    run_path = "".join(texts(DT_RPATH, DT_RUNPATH)).split(":")
    return any(s[0] == PT_INTERP for s in segments), texts(DT_NEEDED), run_path


def relocate_programs(unit):
    for path in unit.files():
        if path.endswith((".o", ".a")) or os.path.basename(path) == unit.loader:  # a patched loader crashes
            continue
        found = read_dynamic(path)
        if found:
            patch(unit, path, *found)


def patch(unit, path, has_loader, needed, run_path):
    wanted = [kept for kept in (keep(unit, directory) for directory in run_path) if kept]
    for library in needed:
        if library == unit.loader and unit.name != "glibc":
            continue
        directory = library_directory(unit, os.path.dirname(path), library)
        if directory is None:
            print(f"no library {library} for {path}", file=sys.stderr)
        elif directory not in wanted:
            wanted.append(directory)
    options = ["--set-interpreter", unit.need(f"{unit.libraries}/{unit.loader}")] if has_loader else []
    if wanted:
        options += ["--set-rpath", ":".join(wanted)]
    elif run_path != [""]:
        options += ["--remove-rpath"]
    if options:
        subprocess.run(["patchelf", *options, path], check=True)


def keep(unit, directory):
    """A run path that Debian gave, where it means this unit."""
    if directory.startswith("$ORIGIN"):
        return directory
    own = f"{unit.out}/{unit.place(directory)}"
    return own if directory.startswith("/") and os.path.isdir(own) else None


def library_directory(unit, beside, library):
    if os.path.lexists(f"{beside}/{library}"):
        return beside
    found = unit.find(f"{unit.libraries}/{library}") or unit.find(f"lib/{library}")
    for top in [] if found else [unit.out, *unit.closure]:
        found = next(iter(sorted(glob.glob(f"{top}/{unit.libraries}/*/{glob.escape(library)}"))), None)
        if found:
            break
    return os.path.dirname(found) if found else None
