# The package set at a path, called with what it takes of `system`, `config` and `overlays`.
# `allow` lists what the operator allows: "unfree", "broken", "insecure", "unsupportedSystem".
{ path, system, allow }:
let
  inherit (builtins) foldl' functionArgs intersectAttrs isAttrs isFunction pathExists typeOf;

  # The operator's NIXPKGS_CONFIG, which the server copies here.
  written = if pathExists ./config.nix then import ./config.nix else { };
  allowed = {
    unfree = { allowUnfree = true; };
    broken = { allowBroken = true; };
    # Nixpkgs asks the predicate; `allowInsecure` is for sets that know no predicates.
    insecure = { allowInsecure = true; allowInsecurePredicate = _: true; };
    unsupportedSystem = { allowUnsupportedSystem = true; };
  };
  extended = given: foldl' (config: name: config // allowed.${name}) given allow;
  # Nixpkgs looks at the names of a function's arguments.
  config =
    if isFunction written then { __functor = self: arguments: extended (written arguments); __functionArgs = functionArgs written; }
    else extended written;

  imported = import path;
  # What lies in the home folder of whom the server runs as is no part of a revision.
  optional = intersectAttrs (functionArgs imported) { inherit config; overlays = [ ]; };
  called = if isFunction imported then imported ({ inherit system; } // optional) else imported;
in
{
  # Whether `config` reaches the set.
  takesConfig = isFunction imported && functionArgs imported ? config;
  set = if isAttrs called then called else throw "the package set is a ${typeOf called}, not a set";
}
