# Gives a derivation, and each of its outputs, what nixpkgs' packages carry besides.
derivation: meta:
let
  passed = {
    inherit (derivation) name outputs;
    meta = { outputsToInstall = [ "out" ]; } // meta;
  };
  output = name: { ${name} = derivation.${name} // passed // { outputSpecified = true; }; };
in
derivation // passed // builtins.foldl' (all: name: all // output name) { } derivation.outputs
