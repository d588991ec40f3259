"""What is being built, and the layout it is given."""

import json
import os
import re

DROPPED = re.compile(
    r"(share/(doc|doc-base|info|lintian|bug|menu|man|locale|applications|pixmaps|icons)|var|dev|run|tmp|lib/(systemd|udev|tmpfiles\.d)"
    r"|etc/(default|init\.d|cron\.daily|skel|perl))(/|$)"
)


class Unit:
    def __init__(self, spec, outputs):
        self.name = spec["name"]
        self.packages = spec["packages"]
        self.requires = spec["requires"]
        self.closure = spec["closure"]
        self.triple = spec["triple"]
        self.loader = spec["loader"]
        self.python = spec["python"]
        self.outputs = outputs
        self.out = outputs["out"]
        self.libraries = f"lib/{self.triple}"

    @staticmethod
    def from_environment():
        names = os.environ["outputs"].split()
        return Unit(json.loads(os.environ["unit"]), {name: os.environ[name] for name in names})

    def place(self, path):
        """Where a file of Debian's goes, relative to the store path; None when it is not wanted."""
        path = os.path.normpath("/" + path).lstrip("/")
        path = re.sub(r"^usr/", "", path)
        path = re.sub(r"^(sbin|games)(?=/|$)", "bin", path)
        path = re.sub(rf"^(share/perl5|{self.libraries}/perl5/[\d.]+)(?=/|$)", "lib/perl5/site_perl", path)
        if self.python:
            path = re.sub(r"^lib/python3/dist-packages(?=/|$)", f"lib/python{self.python}/site-packages", path)
        return None if DROPPED.match(path) else path

    def find(self, path):
        """The store path of a file, given relative to its top: in this unit, else in what it needs."""
        tops = [self.out, *self.closure]
        return next((f"{top}/{path}" for top in tops if os.path.lexists(f"{top}/{path}")), None)

    def need(self, path):
        found = self.find(path)
        if not found:
            raise SystemExit(f"{self.name}: {path} is neither in this unit nor in what it needs")
        return found

    def files(self):
        """All regular files."""
        for directory, _, names in os.walk(self.out):
            for name in names:
                path = f"{directory}/{name}"
                if not os.path.islink(path):
                    yield path
