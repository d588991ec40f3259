# The units of a lock, each as one derivation.
{ lock, buildSystem }:
let
  inherit (builtins) genericClosure mapAttrs;

  platform = {
    x86_64-linux = { triple = "x86_64-linux-gnu"; loader = "ld-linux-x86-64.so.2"; };
    aarch64-linux = { triple = "aarch64-linux-gnu"; loader = "ld-linux-aarch64.so.1"; };
  }.${lock.system};

  fetchDeb = import ./fetch-deb.nix buildSystem;
  builder = builtins.path { path = ./builder; name = "debian-builder"; };

  pythonVersion =
    if lock.units ? python3 then builtins.head (builtins.match "([0-9]+\\.[0-9]+).*" lock.units.python3.version)
    else null;

  # Everything that a unit needs, the nearest first.
  closureOf = name: map ({ key }: units.${key}) (genericClosure {
    startSet = map (key: { inherit key; }) lock.units.${name}.requires;
    operator = { key }: map (key: { inherit key; }) lock.units.${key}.requires;
  });

  build = pname: { version, outputs, packages, requires, ... }:
    derivation
      {
        # The path of the terminal descriptions must fit where libtinfo has another one.
        name = if pname == "t" then pname else "${pname}-${version}";
        system = buildSystem;
        inherit outputs;
        builder = "/usr/bin/python3";
        args = [ "-B" "${builder}/build.py" ];
        PATH = "/usr/bin:/bin";
        unit = builtins.toJSON {
          inherit (platform) triple loader;
          name = pname;
          packages = map fetchDeb packages;
          requires = map (name: units.${name}) requires;
          closure = closureOf pname;
          python = pythonVersion;
        };
      } // { inherit pname version; };

  units = mapAttrs build lock.units;
in
units
