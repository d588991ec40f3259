"""Python and Perl find modules in directories, not by reference; so units with modules name those they need."""

import glob
import os

MODULES = ("lib/python3.*/site-packages", "lib/perl5/site_perl")


def has_modules(top):
    return any(glob.glob(f"{top}/{pattern}") for pattern in MODULES)


def declare_modules(unit):
    needed = [top for top in unit.requires if has_modules(top)] if has_modules(unit.out) else []
    if needed:
        os.makedirs(f"{unit.out}/nix-support")
        with open(f"{unit.out}/nix-support/propagated-build-inputs", "w") as file:
            file.write(" ".join(needed) + "\n")
