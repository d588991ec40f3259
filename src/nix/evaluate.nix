# Looks attributes up in a package set and says what each of them is, for `nix-instantiate --eval --strict --json`.
# `request` is JSON, so that nothing that a user wrote is ever read as an expression:
#   { path; system; allow; inputs = as load.nix takes them;
#     paths = a list of components for each attribute; guarded = whether errors are caught and reported as "throws" }
# `loaded` is what `load.nix` makes of it, if somebody has that already.
{ request, loaded ? null }:
let
  inherit (builtins)
    attrNames concatStringsSep deepSeq elem filter fromJSON head isAttrs isList isString listToAttrs map match
    parseDrvName replaceStrings seq stringLength tail tryEval typeOf unsafeDiscardStringContext;

  query = fromJSON request;

  inherit (if loaded != null then loaded else import ./load.nix { inherit (query) path system allow; inputs = query.inputs or null; }) set takesConfig;

  attempt = value: if query.guarded then tryEval value else seq value { success = true; inherit value; };

  upper = [ "A" "B" "C" "D" "E" "F" "G" "H" "I" "J" "K" "L" "M" "N" "O" "P" "Q" "R" "S" "T" "U" "V" "W" "X" "Y" "Z" ];
  lower = [ "a" "b" "c" "d" "e" "f" "g" "h" "i" "j" "k" "l" "m" "n" "o" "p" "q" "r" "s" "t" "u" "v" "w" "x" "y" "z" ];
  toLower = replaceStrings upper lower;

  # The exact name, else all names that differ in case only.
  namesLike = level: name:
    let
      length = stringLength name;
      lowered = toLower name;
    in
    if level ? ${name} then [ name ]
    else filter (other: stringLength other == length && toLower other == lowered) (attrNames level);

  namesFor = level: name:
    let direct = namesLike level name;
    in if direct == [ ] && match "[0-9].*" name != null then namesLike level "_${name}" else direct;

  isDerivation = value: isAttrs value && (let type = tryEval (value.type or null); in type.success && type.value == "derivation");
  outputsOf = derivation: derivation.outputs or [ "out" ];

  find = path: walk set [ ] path;

  walk = value: resolved: rest:
    let
      name = head rest;
      names = namesFor value name;
      isOutput = isDerivation value && tail rest == [ ] && elem name (outputsOf value);
      missing = { kind = "missing"; inherit resolved rest; };
    in
    if !(attempt value).success then { kind = "throws"; inherit resolved; }
    else if rest == [ ] then describe value resolved null
    else if !isAttrs value then missing // { names = [ ]; }
    else if isOutput then describe value (resolved ++ rest) name
    else if names == [ ] then missing // { names = if isDerivation value then outputsOf value else attrNames value; }
    else if tail names != [ ] then { kind = "ambiguous"; inherit resolved names; }
    else walk value.${head names} (resolved ++ names) (tail rest);

  describe = value: resolved: output:
    let
      package = packageOf value output;
      result = attempt (deepSeq package package);
    in
    if !isDerivation value then { kind = "other"; inherit resolved; type = typeOf value; }
    else if !result.success then { kind = "throws"; inherit resolved; }
    else { kind = "package"; inherit resolved; package = result.value; };

  packageOf = derivation: output: {
    name = derivation.name;
    version =
      let given = text (derivation.version or null);
      in if given != null then given else (parseDrvName derivation.name).version;
    drvPath = unsafeDiscardStringContext derivation.drvPath;
    outputs = map
      (name: {
        inherit name;
        path = unsafeDiscardStringContext (if derivation ? ${name} then derivation.${name} else derivation).outPath;
      })
      (if output != null then [ output ] else outputsToInstall derivation);
    meta = {
      description = text (derivation.meta.description or null);
      homepage = text (firstOf (derivation.meta.homepage or null));
      license = text (licenseOf (derivation.meta.license or null));
      mainProgram = text (derivation.meta.mainProgram or null);
    };
  };

  outputsToInstall = derivation:
    let
      all = outputsOf derivation;
      wanted = filter (name: name != "man" && elem name all) (derivation.meta.outputsToInstall or [ ]);
    in
    # An attribute may itself be an output of a package, as `dnsutils` is `bind.dnsutils`.
    if derivation.outputSpecified or false then [ derivation.outputName ]
    else if wanted != [ ] then wanted
    else if elem "bin" all then [ "bin" ]
    else if elem "out" all then [ "out" ]
    else [ (head all) ];

  # Meta never makes a package unusable: what is no text, or throws, is left out.
  text = value:
    let result = tryEval (if isString value then unsafeDiscardStringContext value else null);
    in if result.success then result.value else null;
  firstOf = value: if isList value && value != [ ] then head value else value;
  licenseOf = license:
    let
      nameOf = one: if isAttrs one then one.spdxId or one.shortName or one.fullName or null else one;
      names = filter isString (map nameOf (if isList license then license else [ license ]));
    in
    if names == [ ] then null else concatStringsSep " AND " names;

  results = map find query.paths;
in
# Without attributes too, the set itself is looked at.
seq set {
  inherit takesConfig;
  results = map (result: removeAttrs result [ "names" ] // (if result.kind == "ambiguous" then { choices = result.names; } else { })) results;
  # The names at each level where a look-up failed, once for all that failed there.
  levels = listToAttrs (
    map (result: { name = concatStringsSep "." result.resolved; value = result.names; })
      (filter (result: result.kind == "missing") results)
  );
}
