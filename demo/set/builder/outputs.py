"""A `dev` output takes what only compiling needs."""

import glob
import os
import shutil


def move_outputs(unit):
    if "dev" not in unit.outputs:
        return
    dev = unit.outputs["dev"]
    os.makedirs(dev)
    for pattern in ("include", f"{unit.libraries}/pkgconfig", f"{unit.libraries}/*.a", f"{unit.libraries}/*.so"):
        for path in glob.glob(f"{unit.out}/{pattern}"):
            target = dev + path[len(unit.out):]
            os.makedirs(os.path.dirname(target), exist_ok=True)
            shutil.move(path, target)
    for path in glob.glob(f"{dev}/{unit.libraries}/pkgconfig/*"):
        with open(path) as file:
            text = file.read()
        with open(path, "w") as file:
            file.write(text.replace("prefix=/usr", f"prefix={dev}").replace(unit.out, dev))
