# The package set: `location` is { kind = "path"; path } or { kind = "tarball"; url }.
{ location, system }:
let
  inherit (builtins) functionArgs intersectAttrs isAttrs isFunction typeOf;
  imported = import (if location.kind == "tarball" then fetchTarball location.url else location.path);
  # What lies in the home folder of whom the server runs as is no part of a revision.
  optional = intersectAttrs (functionArgs imported) { config = { }; overlays = [ ]; };
  called = if isFunction imported then imported ({ inherit system; } // optional) else imported;
in
if isAttrs called then called else throw "the package set is a ${typeOf called}, not a set"
