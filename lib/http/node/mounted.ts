import type { IncomingMessage } from 'node:http'
import { belowMount } from '../mount.js'

/**
 * Shows a mounted application its own paths, by the names that Express and Connect have for what is mounted in them:
 * `url` is the path below the mount, `baseUrl` the mount, and `originalUrl` what the client has asked for.
 * @param mount  empty if the application is not mounted anywhere: then nothing changes
 */
export function showBelow(req: IncomingMessage, mount: string): void {
  const { url = '' } = req
  if (mount === '' || !url.startsWith('/')) return
  const below = belowMount(url, mount)
  Object.assign(req, { url: below, baseUrl: mount, originalUrl: below === url ? mount + url : url })
}
