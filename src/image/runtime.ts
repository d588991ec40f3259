import type { Entry } from '../oci/entry.ts'

/** The environment of a container of the image (OCI image-spec, config.md, `Env`). */
export function environment(root: readonly Entry[]): readonly string[] {
  const bundle = '/etc/ssl/certs/ca-bundle.crt'
  const env = ['PATH=/bin:/usr/bin', `SSL_CERT_FILE=${bundle}`, `NIX_SSL_CERT_FILE=${bundle}`, 'LANG=C.UTF-8']
  return [...env, ...modulePaths(root)]
}

/**
 * Interpreters look for modules only in their own store path. Variables point them to those of other
 * packages.
 */
function modulePaths(root: readonly Entry[]): readonly string[] {
  const python = root.filter(({ kind, path }) => kind === 'directory' && isSitePackages.test(path))
  const perl = root.some(({ path }) => isSitePerl.test(path))
  return [
    // Modules of two versions of Python cannot be mixed: if there are several, no variable is set.
    ...(python[0] && python.length === 1 ? [`PYTHONPATH=/${python[0].path}`] : []),
    ...(perl ? ['PERL5LIB=/lib/perl5/site_perl'] : []),
  ]
}

const isSitePackages = /^lib\/python3\.\d+\/site-packages$/
const isSitePerl = /^lib\/perl5(\/site_perl)?$/

/** The default command: bash in an image with a shell, else the main program if there is one package. */
export function command(
  shell: boolean,
  mainPrograms: readonly (string | undefined)[],
): readonly string[] | undefined {
  if (shell) return ['bash']
  const [program] = mainPrograms
  return program !== undefined && mainPrograms.length === 1 ? [program] : undefined
}
