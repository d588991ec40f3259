"""Turns the .debs of one unit into store paths whose files refer to nothing outside the store."""

from debs import unpack
from elf import relocate_programs
from links import make_links
from mends import mend
from modules import declare_modules
from outputs import move_outputs
from scripts import relocate_texts
from unit import Unit

unit = Unit.from_environment()
make_links(unit, unpack(unit))
relocate_programs(unit)
relocate_texts(unit)
mend(unit)
declare_modules(unit)
move_outputs(unit)
