# Packages that misbehave, for tests. A file `salt` beside this one makes their derivations new.
{ buildSystem, config, withMeta }:
let
  salt = if builtins.pathExists ./salt then builtins.readFile ./salt else "";
  allows = flag: variable: config.${flag} or (builtins.getEnv variable == "1");

  package = pname: script: meta: withMeta
    (derivation
      {
        name = "${pname}-1.0";
        system = buildSystem;
        builder = "/usr/bin/python3";
        args = [ "-c" script ];
        inherit salt;
        outputs = [ "out" ];
      } // { inherit pname; version = "1.0"; })
    ({ license = { spdxId = "Apache-2.0"; shortName = "asl20"; free = true; }; } // meta);

  # As nixpkgs does: all but the derivation itself can be read.
  refuse = reason: package:
    let
      at = builtins.unsafeGetAttrPos "description" package.meta;
      refusal = throw "Package ‘${package.name}’ in ${at.file}:${toString at.line} ${reason}, refusing to evaluate.";
    in
    package // { out = refusal; outPath = refusal; drvPath = refusal; };

  succeed = "import os; open(os.environ['out'], 'w').write('done\\n')";
in
{
  demo-unfree =
    let
      it = package "demo-unfree" succeed {
        description = "A package that is not free";
        license = { fullName = "Unfree"; shortName = "unfree"; free = false; };
        unfree = true;
      };
    in
    if allows "allowUnfree" "NIXPKGS_ALLOW_UNFREE" then it else refuse "has an unfree license (‘unfree’)" it;

  demo-broken =
    let it = package "demo-broken" succeed { description = "A package marked as broken"; broken = true; };
    in if allows "allowBroken" "NIXPKGS_ALLOW_BROKEN" then it else refuse "is marked as broken" it;

  demo-insecure =
    let
      it = package "demo-insecure" succeed {
        description = "A package with a known vulnerability";
        knownVulnerabilities = [ "CVE-0000-0000" ];
        insecure = true;
      };
    in
    if allows "allowInsecure" "NIXPKGS_ALLOW_INSECURE" || builtins.elem it.name (config.permittedInsecurePackages or [ ])
    then it
    else refuse "is marked as insecure" it;

  demo-fails = package "demo-fails"
    ''
      import sys
      for line in "unpacking sources", "building", "error: the demo fails, as it always does":
          print(line, file=sys.stderr)
      sys.exit(1)
    ''
    { description = "A package whose build fails"; };

  demo-hangs = package "demo-hangs"
    ''
      import sys, time
      print("waiting for nothing", file=sys.stderr, flush=True)
      while True:
          time.sleep(3600)
    ''
    { description = "A package whose build never ends"; };

  demo-noisy = package "demo-noisy"
    ''
      import os, sys
      for number in range(16384):
          print(f"line {number:05} " + "." * 52, file=sys.stderr)
      open(os.environ["out"], "w").write("done\n")
    ''
    { description = "A package whose build writes a megabyte to its log"; };
}
