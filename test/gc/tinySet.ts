import { chmod, mkdtemp, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Packages of some 50 KB, each of which shares one of five dependencies with others. */
const expression = `
{ system ? builtins.currentSystem, ... }:
let
  inherit (builtins) concatStringsSep genList hashString listToAttrs;
  noise = name: length: concatStringsSep "" (genList (i: hashString "sha512" "\${name} \${toString i}") length);
  file = name: length: needs: derivation {
    name = "gc-\${name}";
    inherit system needs;
    builder = "/bin/sh";
    PATH = "/bin:/usr/bin";
    content = noise name length;
    passAsFile = [ "content" ];
    args = [ "-c" "mkdir -p $out/share && cp $contentPath $out/share/\${name} && echo $needs > $out/share/\${name}.needs" ];
  };
  shared = i: file "shared\${toString i}" 2000 "";
  own = i: { name = "p\${toString i}"; value = file "p\${toString i}" 400 "\${shared (i - i / 5 * 5)}"; };
in
listToAttrs (genList own 40) // { cacert = file "cacert" 10 ""; iana-etc = file "iana-etc" 10 ""; }
`

export const packages: readonly string[] = Array.from({ length: 40 }, (_, index) => `p${index}`)

/** Writes a package set whose images take milliseconds. @returns its folder */
export async function writeTinySet(folder: string): Promise<string> {
  const set = await mkdtemp(join(folder, 'set-'))
  await chmod(set, 0o755)
  await writeFile(join(set, 'default.nix'), expression)
  return set
}
