"""Symbolic links: to own files relative, to files of other units by their store path."""

import os
import sys

# What a container has at run time, whatever it was made of.
OUTSIDE = ("/dev/", "/proc/", "/run/", "/etc/", "/var/", "/sys/")


def make_links(unit, links):
    # A link may lead through another one, so those that lead nowhere yet are tried again.
    pending = links
    while True:
        later = [link for link in pending if not link_own(unit, link)]
        if len(later) == len(pending):
            break
        pending = later
    for place, debian, target in pending:
        found = unit.find(aim(unit, debian, target) or "/")
        if found or target.startswith(OUTSIDE):
            make(unit, place, found or target)
        else:
            print(f"link to nowhere: {place} -> {target}", file=sys.stderr)


def aim(unit, debian, target):
    return unit.place(os.path.join("/", os.path.dirname(debian), target))


def link_own(unit, link):
    place, debian, target = link
    aimed = aim(unit, debian, target)
    if aimed is None or not os.path.lexists(f"{unit.out}/{aimed}"):
        return False
    if aimed != place:
        make(unit, place, os.path.relpath(f"{unit.out}/{aimed}", os.path.dirname(f"{unit.out}/{place}")))
    return True


def make(unit, place, target):
    path = f"{unit.out}/{place}"
    os.makedirs(os.path.dirname(path), exist_ok=True)
    if not os.path.lexists(path):
        os.symlink(target, path)
