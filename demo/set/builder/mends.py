"""What single units need beyond the rules."""

import glob
import os
import shutil
import subprocess


def mend(unit):
    MENDS.get(unit.name, lambda unit: None)(unit)


def glibc(unit):
    """C.UTF-8, in an archive whose path is written over the one compiled in and over a message that follows it."""
    os.makedirs(f"{unit.out}/usr/lib/locale")
    subprocess.run(["localedef", "--prefix=.", "--add-to-archive", "lib/locale/C.utf8"], cwd=unit.out, check=True)
    os.rename(f"{unit.out}/usr/lib/locale/locale-archive", f"{unit.out}/locales")
    compiled_in = b"/usr/lib/locale/locale-archive\0\0Unexpected error.\n".ljust(63, b"\0")
    overwrite(f"{unit.out}/{unit.libraries}/libc.so.6", compiled_in, f"{unit.out}/locales")
    for name in "bin", "etc", "share", "usr", "lib/locale", f"{unit.libraries}/gconv":
        shutil.rmtree(f"{unit.out}/{name}", ignore_errors=True)


def terminal_descriptions(unit):
    os.rename(f"{unit.out}/lib/terminfo", f"{unit.out}/terminfo")
    for name in "lib", "share", "etc":
        shutil.rmtree(f"{unit.out}/{name}", ignore_errors=True)
    for name in os.listdir(f"{unit.out}/terminfo"):
        os.rename(f"{unit.out}/terminfo/{name}", f"{unit.out}/{name}")
    os.rmdir(f"{unit.out}/terminfo")


def ncurses(unit):
    descriptions = next(top for top in unit.requires if top.endswith("-t"))
    for path in glob.glob(f"{unit.out}/{unit.libraries}/libtinfo.so.*"):
        if not os.path.islink(path):
            overwrite(path, b"/etc/terminfo:/lib/terminfo:/usr/share/terminfo", descriptions)


def overwrite(path, old, new):
    """Puts a text in the place of another one, which is at least as long."""
    with open(path, "rb") as file:
        data = file.read()
    if data.count(old + b"\0") != 1 or len(new) > len(old):
        raise SystemExit(f"{path}: cannot put {new} in the place of {old}")
    with open(path, "wb") as file:
        file.write(data.replace(old + b"\0", new.encode().ljust(len(old) + 1, b"\0")))


def certificates(unit):
    os.makedirs(f"{unit.out}/etc/ssl/certs")
    with open(f"{unit.out}/etc/ssl/certs/ca-bundle.crt", "wb") as bundle:
        for path in sorted(glob.glob(f"{unit.out}/share/ca-certificates/mozilla/*.crt")):
            with open(path, "rb") as file:
                bundle.write(file.read())
    os.symlink("ca-bundle.crt", f"{unit.out}/etc/ssl/certs/ca-certificates.crt")
    for name in "bin", "share", "lib", "etc/ca-certificates":
        shutil.rmtree(f"{unit.out}/{name}", ignore_errors=True)


def alias(unit, name, target):
    if not os.path.lexists(f"{unit.out}/bin/{name}"):
        os.symlink(target, f"{unit.out}/bin/{name}")


def wrap(unit, program, *lines):
    """Puts a shell script that sets up the environment before a program."""
    real = f"{unit.out}/bin/.{program}-wrapped"
    os.rename(f"{unit.out}/bin/{program}", real)
    script(unit, program, *lines, f'exec -a "$0" {real} "$@"')


def script(unit, program, *lines):
    path = f"{unit.out}/bin/{program}"
    with open(path, "w") as file:
        file.write("\n".join([f"#!{unit.need('bin/bash')}", *lines, ""]))
    os.chmod(path, 0o755)


def git(unit):
    path = ":".join(os.path.dirname(unit.need(f"bin/{name}")) for name in ("sed", "grep", "ls"))
    wrap(
        unit,
        "git",
        f"export GIT_EXEC_PATH=${{GIT_EXEC_PATH-{unit.out}/lib/git-core}}",
        f"export GIT_TEMPLATE_DIR=${{GIT_TEMPLATE_DIR-{unit.out}/share/git-core/templates}}",
        'if [ -n "${SSL_CERT_FILE-}" ]; then export GIT_SSL_CAINFO="${GIT_SSL_CAINFO-$SSL_CERT_FILE}"; fi',
        f"export PATH=$PATH:{path}",
    )
    core = f"{unit.out}/lib/git-core/git"
    if os.path.lexists(core):
        os.remove(core)
    os.symlink("../../bin/.git-wrapped", core)


def perl(unit):
    version = next(name for name in os.listdir(f"{unit.out}/share/perl") if name.count(".") == 1)
    own = (f"{unit.libraries}/perl/{version}", f"share/perl/{version}", f"{unit.libraries}/perl-base")
    directories = ":".join(f"{unit.out}/{directory}" for directory in own)
    wrap(unit, "perl", f'export PERL5LIB="${{PERL5LIB:+$PERL5LIB:}}{directories}"')


def nodejs(unit):
    """Node reads modules of its own from a path compiled in; no store path is as short, but an open directory is."""
    compiled_in, opened = b"/usr/share/nodejs/", b"/proc/self/fd/99//"
    for path in glob.glob(f"{unit.out}/{unit.libraries}/libnode.so.*"):
        with open(path, "rb") as file:
            data = file.read()
        with open(path, "wb") as file:
            file.write(data.replace(compiled_in, opened))
    wrap(unit, "node", f"exec 99< {unit.out}/share/nodejs")


def openssl(unit):
    wrap(unit, "openssl", f'export OPENSSL_CONF="${{OPENSSL_CONF-{unit.out}/etc/ssl/openssl.cnf}}"')


def gcc(unit):
    libraries = os.path.dirname(unit.need(f"{unit.libraries}/libc.so.6"))
    run_path = f"{libraries}:{os.path.dirname(unit.need(f'{unit.libraries}/libstdc++.so.6'))}"
    includes = f"-idirafter {unit.out}/include -idirafter {unit.out}/include/{unit.triple}"
    for name in "gcc", "g++":
        real = os.path.realpath(f"{unit.out}/bin/{name}")
        os.remove(f"{unit.out}/bin/{name}")
        script(
            unit,
            name,
            f"export PATH={os.path.dirname(unit.need('bin/ld'))}:$PATH",
            f"exec {real} -B{unit.out}/{unit.libraries} -L{libraries} {includes} "
            f'-Wl,-dynamic-linker,{libraries}/{unit.loader} -Wl,-rpath,{run_path} "$@"',
        )
    alias(unit, "cc", "gcc")


MENDS = {
    "bash": lambda unit: alias(unit, "sh", "bash"),
    "gawk": lambda unit: alias(unit, "awk", "gawk"),
    "gcc": gcc,
    "git": git,
    "glibc": glibc,
    "ncurses": ncurses,
    "nodejs": nodejs,
    "nss-cacert": certificates,
    "openssl": openssl,
    "perl": perl,
    "python3": lambda unit: alias(unit, "python", "python3"),
    "t": terminal_descriptions,
}
