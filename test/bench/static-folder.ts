import { randomBytes } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { type Folder, pathOf } from './npm.js'

export const sirvFolder: Folder = { name: 'sirv', packages: ['sirv@3.0.2'] }
export const staticModule = `${pathOf(sirvFolder)}node_modules/sirv/build.mjs`

/** Of the files that are served. */
export const STATIC_FOLDER = `${pathOf(sirvFolder)}public`

/** Sizes of files by their names. */
export const STATIC_FILES = { '1k.txt': 1024, '1m.bin': 2 ** 20 } as const

export function writeStaticFiles(): void {
  mkdirSync(STATIC_FOLDER, { recursive: true })
  for (const [name, size] of Object.entries(STATIC_FILES)) {
    const bytes = name.endsWith('.txt') ? Buffer.alloc(size, 'text ') : randomBytes(size)
    writeFileSync(`${STATIC_FOLDER}/${name}`, bytes)
  }
}
