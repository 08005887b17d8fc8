import { readFileSync } from 'node:fs'
import type { Test } from 'tap'
import { atEnd } from './at-end.js'
import { Log } from './log.js'
import { isRunning, killAndWait } from './process.js'
import { connectRaw, head, type Raw } from './raw.js'
import { root } from './root.js'
import { type ServerOptions, startServer } from './server.js'
import type { Target } from './server-process.js'
import { spawnClean } from './spawn.js'

/** One of two processes that serve the same application file. It prints a line for whatever happens to it. */
export class Twin {
  readonly name: string
  readonly target: Target
  readonly #output: Log
  readonly #test: Test
  #mark = 0

  constructor(t: Test, name: string, { target, output }: { target: Target; output: Log }) {
    this.#test = t
    this.name = name
    this.target = target
    this.#output = output
  }

  connect(): Promise<Raw> {
    return connectRaw(this.#test, this.target)
  }

  /** Sends `bytes` on a connection of their own, and returns all that comes until the server closes it. */
  async answer(bytes: string): Promise<string> {
    const raw = await this.connect()
    raw.write(bytes)
    return plain(await raw.all())
  }

  /** Waits until the application has printed this in the present scene. */
  async says(pattern: RegExp, count = 1): Promise<void> {
    const after = this.#output.lines[this.#mark - 1]
    await this.#output.wait(pattern, { count, ...(after && { after }) })
  }

  /** Begins a scene, plays it, and returns what came of it with all that the application has printed. */
  async play<Outcome>(scene: (twin: Twin) => Promise<Outcome>): Promise<{ outcome: Outcome; said: string[] }> {
    this.#mark = this.#output.lines.length
    const outcome = await scene(this)
    await this.answer(head('/barrier', ['Connection: close']))
    await this.says(/^barrier$/)
    return { outcome, said: this.#output.lines.slice(this.#mark).map(({ msg }) => msg) }
  }
}

/** The same application file, run by node alone and by unicorn. */
export class Twins {
  readonly #node: Twin
  readonly #unicorn: Twin

  constructor(node: Twin, unicorn: Twin) {
    this.#node = node
    this.#unicorn = unicorn
  }

  /** Plays a scene with both, and fails if anything differs. Returns what node did. */
  async same<Outcome>(
    t: Test,
    scene: (twin: Twin) => Promise<Outcome>,
    what = 'as with node alone',
  ): Promise<{ outcome: Outcome; said: string[] }> {
    const [node, unicorn] = await Promise.all([this.#node.play(scene), this.#unicorn.play(scene)])
    t.same(unicorn, node, what)
    return node
  }

  /** Asks both for something between two scenes. */
  async ask(path: string): Promise<void> {
    const bytes = head(path, ['Connection: close'])
    await Promise.all([this.#node.answer(bytes), this.#unicorn.answer(bytes)])
  }

  /** Plays a scene in which the two are meant to differ. */
  async each<Outcome>(scene: (twin: Twin) => Promise<Outcome>): Promise<{ node: Outcome; unicorn: Outcome }> {
    const [node, unicorn] = await Promise.all([this.#node.play(scene), this.#unicorn.play(scene)])
    return { node: node.outcome, unicorn: unicorn.outcome }
  }
}

/**
 * Starts both, unicorn with one async worker.
 * @param fixture  a file of test/fixtures/node, which listens at any free port and prints `listening PORT`
 */
export async function startTwins(t: Test, fixture: string, options: ServerOptions = {}): Promise<Twins> {
  const app = readFileSync(`${root}test/fixtures/node/${fixture}`, 'utf8')
  const server = await startServer(t, { app, spec: 'app.js', args: ['--keep-alive', '5'], ...options })
  const child = spawnClean([process.execPath, 'app.js'], { cwd: server.cwd, env: options.env ?? {} })
  const output = new Log()
  const errors = new Log()
  const { pid = 0, stdout, stderr } = child
  atEnd(t, async () => {
    if (!isRunning(pid)) throw new Error(`node has ended by itself: ${errors}`)
    await killAndWait(pid)
  })
  if (!stdout || !stderr) throw new Error('node has no output')
  output.read(stdout)
  errors.read(stderr)
  const { msg } = await output.wait(/^listening \d+$/)
  await server.stdout.wait(/^listening \d+$/)
  const target = { host: '127.0.0.1', port: Number(msg.slice('listening '.length)) }
  const unicorn = new Twin(t, 'unicorn', { target: server.target, output: server.stdout })
  return new Twins(new Twin(t, 'node', { target, output }), unicorn)
}

/** A response without its date. */
export function plain(text: string): string {
  return text.replace(/^Date: .*\r\n/gm, '')
}
