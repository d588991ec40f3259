/**
 * Variables of the environment that say by which proxies the web is reached: what the programs that the
 * server runs go by, for what it downloads itself.
 */
export function proxyEnvironment(): NodeJS.ProcessEnv {
  const names = ['http_proxy', 'HTTP_PROXY', 'https_proxy', 'HTTPS_PROXY', 'no_proxy', 'NO_PROXY']
  return Object.fromEntries(names.map((name) => [name, process.env[name]]))
}
