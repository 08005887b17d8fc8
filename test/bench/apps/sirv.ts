import type { RequestListener } from 'node:http'
import { STATIC_FOLDER, staticModule } from '../static-folder.js'

// npm has put it into .cache, so its types are not there.
const { default: sirv } = (await import(staticModule)) as {
  default: (directory: string, options: object) => RequestListener
}

export const handler = sirv(STATIC_FOLDER, { etag: true })
