import { createInterface } from 'node:readline'
import type { Dump } from './dump.js'
import type { PythonSettings, Report } from './python-settings.js'
import type { Ending, Running, Thread } from './running.js'
import { type BootFailure, startFailure } from './start-failure.js'

/** A process can serve, or the fork server can fork. */
export interface Ready {
  readonly type: 'ready'
  readonly pid: number
  /** Those of the channels. */
  readonly threads: readonly Thread[]
  /** Of an ASGI process: where it listens for channels. */
  readonly address?: string
}

/** What a process reports when it is ready, or before. */
export type Message =
  | Report
  /** It can be asked for its stacks. */
  | { readonly type: 'importing' }
  /** TERM has come from outside. */
  | { readonly type: 'term' }
  | { readonly type: 'warning'; readonly text: string }
  /** Of an ASGI process: its loop turns. */
  | { readonly type: 'pong' }
  /** Of the fork server: a process that was asked for, or the end of one. */
  | { readonly type: 'forked'; readonly age: number; readonly pid: number }
  | ({ readonly type: 'ended'; readonly pid: number } & Ending)

/**
 * Waits until a process is ready, and hears what it has to say from then on.
 * @param gone  resolves when it is gone @param dump  of its stacks
 * @throws UnicornError if its application does not load
 */
export async function handshake(
  running: Running,
  settings: PythonSettings,
  { gone, dump, hear }: { gone: Promise<Ending>; dump: Dump; hear: (message: Message) => void },
): Promise<Ready> {
  const failed = (failure: BootFailure): Error => startFailure(failure, settings)
  return new Promise((resolve, reject) => {
    const lines = createInterface({ input: running.control })
    // The end of the process tells what it would.
    lines.on('error', () => {})
    lines.on('line', line => {
      const message = JSON.parse(line) as Message | Ready | BootFailure // child.py sends no others
      if (message.type === 'failed') reject(failed(message))
      else if (message.type === 'ready') resolve(message)
      else if (message.type === 'importing') dump.begin()
      else hear(message)
    })
    running.ended.catch((error: Error) => reject(failed({ type: 'failed', kind: 'spawn', text: error.message })))
    void gone.then(({ exitCode, signal }) => {
      const how = signal ? `it was ended by ${signal}` : `it ended with code ${exitCode}`
      const text = `${how} while it was imported`
      reject(failed({ type: 'failed', kind: 'exit', text, traceback: dump.text || undefined }))
    })
  })
}
