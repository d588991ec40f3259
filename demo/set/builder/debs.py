"""Unpacking. Not with dpkg-deb -x: Nix's seccomp filter refuses setuid modes."""

import os
import shutil
import subprocess
import tarfile


def unpack(unit):
    """Writes the files of all packages; returns the symbolic links, each as (place, Debian's path of it, target)."""
    links = []
    os.makedirs(unit.out)
    for package in unit.packages:
        with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", package], stdout=subprocess.PIPE) as process:
            with tarfile.open(fileobj=process.stdout, mode="r|") as archive:
                for member in archive:
                    unpack_member(unit, archive, member, links)
        if process.returncode:
            raise SystemExit(f"dpkg-deb: {package}")
    return links


def unpack_member(unit, archive, member, links):
    place = unit.place(member.name)
    if place is None or member.isdir():
        return
    if member.issym():
        links.append((place, member.name, member.linkname))
        return
    target = f"{unit.out}/{place}"
    os.makedirs(os.path.dirname(target), exist_ok=True)
    if member.islnk():
        os.link(f"{unit.out}/{unit.place(member.linkname)}", target)
    elif member.isreg():
        with open(target, "wb") as file:
            shutil.copyfileobj(archive.extractfile(member), file)
        os.chmod(target, 0o755 if member.mode & 0o111 else 0o644)
