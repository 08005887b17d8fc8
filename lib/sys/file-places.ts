import { readlinkSync } from 'node:fs'
import { join } from 'node:path'

/** More links on the way to a file lead in a circle (path_resolution(7)). */
const MOST_LINKS = 40

/**
 * The places at which a change makes a path another file: the file itself, whether it is there or not, and each link on
 * the way to it. Kubernetes replaces the link of a directory, certbot that of a file.
 * @param path  absolute
 */
export function placesOf(path: string): string[] {
  const places = new Set<string>()
  let at = '/'
  let left = path.split('/')
  let links = 0
  for (let [name, ...others] = left; name !== undefined; [name, ...others] = left) {
    const place = join(at, name)
    const target = links < MOST_LINKS ? targetOf(place) : undefined
    if (target === undefined) {
      at = place
      left = others
    } else {
      links++
      places.add(place)
      if (target.startsWith('/')) at = '/'
      left = [...target.split('/'), ...others]
    }
  }
  return [...places, at]
}

/** @returns undefined if it is no link, or nothing is there */
function targetOf(path: string): string | undefined {
  try {
    return readlinkSync(path)
  } catch {
    return undefined
  }
}
