import type { Config } from '../../../config/settings.js'
import type { Logger } from '../../logging/log.js'
import { StaticFiles } from '../../static/static-files.js'

/** @throws UnicornError if a directory of the setting `static` is missing */
export async function openStatic(config: Config, log: Logger): Promise<StaticFiles> {
  const globs = config.staticImmutable
  let isImmutable = (_path: string): boolean => false
  if (globs.length > 0) {
    const { default: picomatch } = await import('picomatch')
    isImmutable = picomatch([...globs], { dot: true })
  }
  return new StaticFiles(config.static, { log, isImmutable, alwaysFresh: config.reload })
}
