/** The header by which old clients know a registry, on every answer below `/v2`. */
export const apiVersion = { 'docker-distribution-api-version': 'registry/2.0' } as const
