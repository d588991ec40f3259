# One .deb, as a fixed output: what was put into the store before is taken from there, the rest is downloaded.
buildSystem:
let
  script = builtins.path { path = ./fetch-deb.py; name = "fetch-deb.py"; };
in
{ name, version, archive, path, file, sha256, ... }:
derivation {
  name = file;
  system = buildSystem;
  builder = "/usr/bin/python3";
  args = [ "-B" script ];
  PATH = "/usr/bin:/bin";
  inherit archive path sha256;
  package = "${name} ${version}";
  outputHash = sha256;
  outputHashAlgo = "sha256";
  outputHashMode = "flat";
  impureEnvVars = [ "http_proxy" "https_proxy" "no_proxy" ];
  preferLocalBuild = true;
}
