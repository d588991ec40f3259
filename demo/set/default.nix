# Debian's packages as a package set, with nixpkgs' calling convention and attribute names.
{ system ? builtins.currentSystem, config ? { }, overlays ? [ ], ... }:
let
  inherit (builtins) attrNames elemAt filter foldl' fromJSON isString length pathExists readFile split;

  lockFile = ./. + "/lock.${system}.json";
  lock =
    if pathExists lockFile then fromJSON (builtins.unsafeDiscardStringContext (readFile lockFile))
    else throw "the demo package set has no packages for ${system}";

  # Who builds: packages for another system are only rewritten, never run.
  buildSystem = builtins.currentSystem or system;

  units = import ./units.nix { inherit lock buildSystem; };

  withMeta = import ./with-meta.nix;
  packageOf = { unit, license, mainProgram, ... }:
    withMeta units.${unit} {
      inherit (lock.units.${unit}) description homepage;
      license = if license == "" then { free = true; } else { spdxId = license; shortName = license; free = true; };
      ${if mainProgram == "" then null else "mainProgram"} = mainProgram;
    };

  # "python3Packages.requests" becomes an attribute of an attribute.
  insert = set: path:
    let
      names = filter isString (split "\\." path);
      top = elemAt names 0;
      package = packageOf lock.attributes.${path};
    in
    set // {
      ${top} =
        if length names == 1 then package
        else { recurseForDerivations = true; } // set.${top} or { } // { ${elemAt names 1} = package; };
    };

  set = foldl' insert { } (attrNames lock.attributes) // import ./test-packages.nix { inherit buildSystem config withMeta; };
in
foldl' (previous: overlay: let final = previous // overlay final previous; in final) set overlays
