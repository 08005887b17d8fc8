import { toError } from '../errors.js'
import { UploadSpace } from '../http/upload/upload-space.js'
import type { Logger } from '../logging/log.js'
import type { Background } from './gateway.js'

/** What a worker has for answers that its clients have not taken. */
export function backgroundOf(
  { tmpUploadDir, responseBuffer }: { readonly tmpUploadDir: string; readonly responseBuffer: number },
  log: Logger,
): Background {
  return {
    space: new UploadSpace(tmpUploadDir, 'response'),
    most: responseBuffer,
    onNotStored: error => log.error({ err: toError(error) }, toError(error).message),
  }
}
