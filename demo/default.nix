# The set as it was made out of apt's lists; see README.md.
args:
if builtins.pathExists ../var/demo/set then import ../var/demo/set args
else throw "the demo package set is not there yet: run 'node demo/lock.ts' first"
