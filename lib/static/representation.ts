import { isAscii } from 'node:buffer'
import { createHash } from 'node:crypto'
import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from 'node:fs'
import { errorCode } from '../errors.js'
import type { ResponseHead } from '../http/exchange.js'
import type { Validators } from './conditions.js'

/** Files up to this size are kept in memory, in bytes. */
export const SMALL = 64 * 1024

/** Short texts are kept as such, which an engine joins to the head. */
const SHORT_TEXT = 4096

const SECOND = 1000

/** What is said of all representations of a file. */
export interface FileFacts {
  readonly type: string
  readonly cacheControl: string
  /** There are encoded ones, so that the answer depends on `Accept-Encoding`. */
  readonly varies: boolean
}

export type Identity = Pick<Stats, 'dev' | 'ino' | 'size' | 'mtimeMs' | 'ctimeMs'>

/** A file as it is on the disk, or one of those that were compressed beforehand. */
export interface Content extends Validators {
  /** Without any link. */
  readonly path: string
  readonly identity: Identity
  readonly size: number
  readonly encoding: string
  /** If it is small. */
  readonly bytes: Buffer | undefined
  readonly text: string | undefined
}

/** A content with the heads of its answers, which are the same for all clients. */
export interface Representation extends Content {
  readonly facts: FileFacts
  readonly whole: ResponseHead
  readonly notModified: ResponseHead
}

/** Opens a file that is none but a regular one. @throws a system error; ENOENT if it is something else by now */
export function openFile(path: string): { fd: number; identity: Identity } {
  // A pipe would block without O_NONBLOCK.
  const fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  const stats = fstatSync(fd)
  if (stats.isFile()) return { fd, identity: stats }
  closeSync(fd)
  throw Object.assign(new Error(`${path} is no regular file`), { code: 'ENOENT' })
}

/** Whether an error says that no file can be opened now. */
export function lacksDescriptors(error: unknown): boolean {
  const code = errorCode(error)
  return code === 'EMFILE' || code === 'ENFILE'
}

/**
 * Whether an open file was written anew since it was looked at: what was read of it may be of both. One that has grown
 * since, a log say, has what it had.
 */
export function isRewritten(fd: number, { size, mtimeMs }: Identity): boolean {
  const present = fstatSync(fd)
  return present.size < size || (present.mtimeMs !== mtimeMs && present.size === size)
}

export function isSame(a: Identity, b: Identity): boolean {
  return a.ino === b.ino && a.size === b.size && a.mtimeMs === b.mtimeMs && a.ctimeMs === b.ctimeMs && a.dev === b.dev
}

/** Reads a file, if it is small; of others only what they are. @throws a system error */
export function readContent(path: string, encoding: string): Content {
  const { fd, identity } = openFile(path)
  try {
    const { size, mtimeMs } = identity
    const bytes = size <= SMALL ? readWhole(fd, size) : undefined
    const modifiedAt = Math.floor(mtimeMs / SECOND) * SECOND
    const tag = bytes ? hashOf(bytes) : `${size.toString(36)}-${Math.round(mtimeMs * SECOND).toString(36)}`
    return {
      path,
      identity,
      size: bytes?.length ?? size,
      encoding,
      bytes,
      text: bytes && bytes.length <= SHORT_TEXT && isAscii(bytes) ? bytes.toString('latin1') : undefined,
      etag: `"${tag}${encoding && `-${encoding}`}"`,
      lastModified: new Date(modifiedAt).toUTCString(),
      modifiedAt,
    }
  } finally {
    closeSync(fd)
  }
}

/** By its content: two releases of a reproducible build may have the same size and date. */
function hashOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('base64url').slice(0, 22)
}

function readWhole(fd: number, size: number): Buffer {
  const bytes = Buffer.allocUnsafeSlow(size)
  let length = 0
  while (length < size) {
    const read = readSync(fd, bytes, length, size - length, null)
    if (read === 0) break
    length += read
  }
  return bytes.subarray(0, length)
}

export function representationOf(content: Content, facts: FileFacts): Representation {
  const { size, encoding } = content
  const fields = ['Content-Type', facts.type, 'Content-Length', String(size)]
  if (encoding !== '') fields.push('Content-Encoding', encoding)
  const validators = validatorFields(content, facts)
  return {
    ...content,
    facts,
    whole: headOf({ code: 200, reason: 'OK' }, [...fields, ...validators, 'Accept-Ranges', 'bytes'], size),
    notModified: headOf({ code: 304, reason: 'Not Modified' }, validators, -1),
  }
}

/** What a client needs to keep a representation, in whatever answer it is. */
export function validatorFields({ etag, lastModified }: Validators, { cacheControl, varies }: FileFacts): string[] {
  const fields = ['ETag', etag, 'Last-Modified', lastModified, 'Cache-Control', cacheControl]
  if (varies) fields.push('Vary', 'Accept-Encoding')
  return fields
}

/** @param fields  names and values in turn, of ASCII @param contentLength  -1 if they do not tell it */
export function headOf(status: ResponseHead['status'], fields: string[], contentLength: number): ResponseHead {
  return { status, fields, contentLength, ascii: true }
}
