/**
 * The settings of Nix in the sandbox, as nix.conf: the package set is all that it reads, and it neither
 * fetches nor builds. The machine's own settings are not read.
 */
export const nixSettings = `
restrict-eval = true
allowed-uris =
nix-path =
allow-import-from-derivation = false
allow-unsafe-native-code-during-evaluation = false
plugin-files =
substitute = false
substituters =
max-jobs = 0
build-users-group =
sandbox = false
fsync-metadata = false
experimental-features = nix-command
`.trimStart()
