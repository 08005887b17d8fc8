import type { FileHandle } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import type { SocketAddresses } from '../../http/exchange.js'
import type { Chunk } from '../wire/chunk.js'

export type { Chunk } from '../wire/chunk.js'

/** Header fields in order, as `[name, value]`; a name may occur more than once. Values are sent as latin-1. */
export type Headers = readonly (readonly [name: string, value: string])[]

/** A response body: one chunk, or an iterable of chunks, which may have a `close()` that the server calls once. */
export type WsgiBody = Chunk | ((Iterable<Chunk> | AsyncIterable<Chunk>) & { close?(): unknown })

/** Sends a chunk at once; with it the head, if that is not out yet. Prefer to return an iterable. */
export type Write = (chunk: Chunk) => void

/**
 * Sets the status (`"200 OK"`) and the header fields of the response. Nothing is sent before the first chunk.
 * @param excInfo  the error that makes a second call legal: the call replaces status and headers before the head is
 * out, and throws `excInfo` after that
 * @throws ApplicationBreach for an illegal status or header, and for a second call without `excInfo`
 */
export type StartResponse = (status: string, headers: Headers, excInfo?: unknown) => Write

/** PEP 3333 for JavaScript. */
export type Application = (environ: Environ, startResponse: StartResponse) => WsgiBody | PromiseLike<WsgiBody>

/** `wsgi.input`: the request body. Reads are answered in the order of their calls. */
export interface InputStream extends AsyncIterable<Buffer> {
  /** The next `size` bytes, fewer only at the end of the body; without `size` all that is left. Empty at the end. */
  read(size?: number): Promise<Buffer>
  /** The next line with its `\n`, at most `limit` bytes of it. Empty at the end. */
  readline(limit?: number): Promise<Buffer>
  /** The lines that are left. With `hint`, no more are read once they come to that many bytes. */
  readlines(hint?: number): Promise<Buffer[]>
  /** The body as a Node stream; what was read before is not in it. */
  readonly stream: Readable
}

/** `wsgi.errors`: goes to the error log, one entry for each line. */
export interface ErrorsStream {
  write(text: string): void
  writelines(lines: Iterable<string>): void
  flush(): void
}

/** Anything with a `read` that resolves to nothing at the end, as Python's file objects have it. */
export interface FileLike {
  read(size: number): Promise<Uint8Array | string | null> | Uint8Array | string | null
  close?(): unknown
}

/** A path, a descriptor, a FileHandle, a stream, or an object with `read`. It is closed with the body. */
export type FileSource = string | URL | number | FileHandle | Readable | FileLike

/** What `wsgi.file_wrapper` returns: the blocks of a file as a response body. */
export interface FileBody extends AsyncIterable<Uint8Array> {
  close(): Promise<void>
}

/** An environ before its `unicorn.signal` is attached. */
export interface EnvironBase {
  REQUEST_METHOD: string
  SCRIPT_NAME: string
  /** Percent-decoded: as UTF-8, or as latin-1 if it is no UTF-8. */
  PATH_INFO: string
  /** The request target as it was sent. */
  RAW_URI: string
  QUERY_STRING: string
  /** Empty if the request has none. */
  CONTENT_TYPE: string
  /** Empty if the request has none. */
  CONTENT_LENGTH: string
  SERVER_NAME: string
  SERVER_PORT: string
  SERVER_PROTOCOL: string
  SERVER_SOFTWARE: string
  /** Empty on a unix socket. */
  REMOTE_ADDR: string
  /** Empty on a unix socket. */
  REMOTE_PORT: string
  'wsgi.version': readonly [1, 0]
  'wsgi.url_scheme': string
  'wsgi.input': InputStream
  'wsgi.errors': ErrorsStream
  'wsgi.multithread': boolean
  'wsgi.multiprocess': boolean
  'wsgi.run_once': boolean
  /** The end of `wsgi.input` is the end of the body, with or without CONTENT_LENGTH. */
  'wsgi.input_terminated': boolean
  /** @param blockSize  bytes of a block, 64 KiB without it */
  'wsgi.file_wrapper': (source: FileSource, blockSize?: number) => FileBody
  /** Sends `103 Early Hints` (RFC 8297) to clients of HTTP/1.1, while the head of the response is not out. */
  'wsgi.early_hints': (headers: Headers) => void
  'unicorn.socket': SocketAddresses | undefined
  [header: `HTTP_${string}`]: string | undefined
  [key: string]: unknown
}

/** The request as the application sees it: a plain object that middleware may change or copy. */
export interface Environ extends EnvironBase {
  /** Aborted when the client goes away before the response is finished. */
  'unicorn.signal': AbortSignal
}
