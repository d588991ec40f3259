"""Texts: interpreters of scripts, and absolute paths where what they name is in this unit or in what it needs."""

import os
import re

PATHS = re.compile(rb"(?<![\w./$}~-])/(?:usr/)?(?:s?bin|lib(?:64)?|libexec|share)/[\w.+/-]*[\w+]")
TEXTS = (".pm", ".pl", ".sh", ".py", ".conf", ".cnf", ".la", ".pc", ".so", ".cfg")
LONGEST_TEXT = 1 << 20


def relocate_texts(unit):
    if unit.name == "glibc":
        return
    for path in unit.files():
        status = os.stat(path)
        if status.st_size > LONGEST_TEXT or not (path.endswith(TEXTS) or status.st_mode & 0o111):
            continue
        with open(path, "rb") as file:
            old = file.read()
        if b"\0" in old:
            continue
        first, newline, rest = old.partition(b"\n") if old.startswith(b"#!") else (b"", b"", old)
        new = interpreter(unit, first) + newline + PATHS.sub(lambda match: relocate(unit, match.group()), rest)
        if new != old:
            with open(path, "wb") as file:
                file.write(new)


def interpreter(unit, line):
    """`#!/usr/bin/env perl -w` becomes `#!/nix/store/…/bin/perl -w`, and a line about the modules if it needs some."""
    words = line[2:].decode("latin1").split()
    if words and os.path.basename(words[0]) == "env":
        words = [word for word in words[1:] if word != "-S"]
    if not words:
        return line
    name = os.path.basename(words[0])
    program = unit.find(f"bin/{'sh' if name == 'dash' else name}")
    if not program:
        return line
    lines = ["#!" + " ".join([program, *words[1:]])]
    modules = [top for top in [unit.out, *unit.closure] if os.path.isdir(f"{top}/lib/perl5/site_perl")]
    if name == "perl" and modules:
        lines.append("use lib qw(" + " ".join(f"{top}/lib/perl5/site_perl" for top in modules) + ");")
    return "\n".join(lines).encode("latin1")


def relocate(unit, path):
    place = unit.place(path.decode("latin1"))
    found = unit.find(place) if place and place not in (unit.libraries, "lib", "bin", "share") else None
    return found.encode("latin1") if found else path
