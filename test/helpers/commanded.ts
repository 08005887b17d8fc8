import { type IncomingMessage, request } from 'node:http'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'
import type { Snapshot } from '../../config/hooks.js'
import type { CommandName, CommandOf } from '../../lib/arbiter/commands.js'
import type { OutcomeOf } from '../../lib/arbiter/outcome.js'
import { messages } from './messages.js'
import { type ServerOptions, spawnServer } from './server.js'
import type { Server } from './server-process.js'
import { shortDir } from './short-dir.js'

const SCRIPT = fileURLToPath(new URL('commanded-server.js', import.meta.url))

/** A real server in a process of its own, whose arbiter takes commands. */
export class Commanded {
  readonly server: Server
  readonly #socketPath: string

  constructor(server: Server, socketPath: string) {
    this.server = server
    this.#socketPath = socketPath
  }

  /** Resolves when the command is in the arbiter's queue; what it resolves with has the outcome. */
  async give<Name extends CommandName>(command: CommandOf<Name>): Promise<{ outcome: Promise<OutcomeOf<Name>> }> {
    const res = await this.#ask('POST', JSON.stringify(command))
    return { outcome: json(res) as Promise<OutcomeOf<Name>> }
  }

  /** Gives a command and waits for its outcome. */
  async do<Name extends CommandName>(command: CommandOf<Name>): Promise<OutcomeOf<Name>> {
    return (await this.give(command)).outcome
  }

  async snapshot(): Promise<Snapshot> {
    return (await json(await this.#ask('GET'))) as Snapshot
  }

  #ask(method: string, body?: string): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const req = request({ socketPath: this.#socketPath, method, agent: false }, resolve)
      req.on('error', reject)
      req.end(body)
    })
  }
}

/** Resolves when the server listens; its workers may not be ready. */
export async function startCommanded(t: Test, options: ServerOptions = {}): Promise<Commanded> {
  const path = join(shortDir(t), 'control.sock')
  const env = { ...options.env, CONTROL: path }
  const server = spawnServer(t, { ...options, env, through: [process.execPath, SCRIPT] })
  await server.log(messages.listening)
  return new Commanded(server, path)
}
