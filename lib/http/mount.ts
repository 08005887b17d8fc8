import type { Peer } from './exchange.js'

/**
 * Returns the path at which the application is mounted for a request of `peer`, without a slash at its end; empty if it
 * has none. What a trusted proxy tells counts more than the setting.
 * @param rootPath  the setting
 */
export function mountOf({ told }: Pick<Peer, 'told'>, rootPath = ''): string {
  return told?.mount ?? rootPath
}

/**
 * Takes the path at which the application is mounted off a request target that begins with a slash, as it was sent. The
 * proxy in front may have done so already.
 * @returns a target that begins with a slash
 */
export function belowMount(target: string, mount: string): string {
  if (mount === '' || !target.startsWith(mount)) return target
  const rest = target.slice(mount.length)
  if (rest === '' || rest.startsWith('?') || rest.startsWith('#')) return `/${rest}`
  return rest.startsWith('/') ? rest : target
}
