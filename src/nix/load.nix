# The package set at a path, called with what it takes of `system`, `config` and `overlays`.
# `allow` lists what the operator allows: "unfree", "broken", "insecure", "unsupportedSystem".
# `inputs`, if not null, tells what the server has fetched for the set: { known; deep; } as src/nix/inputStores.ts has it.
# An evaluation that fetches something else ends with a request for it.
{ path, system, allow, inputs ? null }:
let
  inherit (builtins)
    elem foldl' functionArgs intersectAttrs isAttrs isFunction pathExists scopedImport stringLength substring toJSON typeOf;

  fetching = kind: fetch: nameOf: given:
    let
      arguments = if isAttrs given then given else { url = given; };
      name = arguments.name or (nameOf arguments.url);
      sha256 = arguments.sha256 or null;
      request = toJSON { inherit kind name sha256; inherit (arguments) url; };
    in
    if elem request inputs.known then fetch (arguments // { inherit name; }) else abort "nixery-input ${request}";
  fetchers = rec {
    fetchTarball = fetching "tarball" builtins.fetchTarball (_: "source");
    fetchurl = fetching "file" builtins.fetchurl baseNameOf;
  };
  # Nix reads a file once if it is imported, and each time if it is imported with a scope: the set's own files are.
  isOwn = file: let root = "${toString path}/"; in inputs.deep || substring 0 (stringLength root) "${toString file}/" == root;
  scope = {
    import = file: if isOwn file then scopedImport scope file else import file;
    scopedImport = more: file: scopedImport (scope // more) file;
    inherit (fetchers) fetchTarball;
    builtins = builtins // { inherit (scope) import scopedImport; } // fetchers;
  };

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

  imported = (if inputs == null then import else scope.import) path;
  # What lies in the home folder of whom the server runs as is no part of a revision.
  optional = intersectAttrs (functionArgs imported) { inherit config; overlays = [ ]; };
  called = if isFunction imported then imported ({ inherit system; } // optional) else imported;
in
{
  # Whether `config` reaches the set.
  takesConfig = isFunction imported && functionArgs imported ? config;
  set = if isAttrs called then called else throw "the package set is a ${typeOf called}, not a set";
}
