import { EventEmitter, once } from 'node:events'
import type { Test } from 'tap'
import { WebSocket } from 'ws'
import { atEnd } from './at-end.js'
import { CEILING, Log } from './log.js'
import { requireCommand } from './require-command.js'
import { shortDir } from './short-dir.js'
import { spawnClean } from './spawn.js'

const CHROMIUM = 'chromium'
const READY = /^DevTools listening on (?<address>ws:\S+)$/

/** Without a screen, as root, and without a word to other machines. */
const OPTIONS = [
  '--headless=new',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-dev-shm-usage',
  '--disable-background-networking',
  '--no-first-run',
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
  '--remote-debugging-port=0',
]

const KEYS = {
  Enter: { windowsVirtualKeyCode: 13, text: '\r' },
  Escape: { windowsVirtualKeyCode: 27 },
  Tab: { windowsVirtualKeyCode: 9 },
}

interface Thrown {
  readonly text: string
  readonly exception?: { readonly description?: string }
}

/** What commands of the DevTools protocol answer. */
interface Answers {
  readonly 'Target.createTarget': { readonly targetId: string }
  readonly 'Target.attachToTarget': { readonly sessionId: string }
  readonly 'Page.enable': object
  readonly 'Runtime.enable': object
  readonly 'Log.enable': object
  readonly 'Page.navigate': object
  readonly 'Input.insertText': object
  readonly 'Input.dispatchKeyEvent': object
  readonly 'Emulation.setEmulatedMedia': object
  readonly 'Emulation.setDeviceMetricsOverride': object
  readonly 'Page.captureScreenshot': { readonly data: string }
  readonly 'Runtime.evaluate': { readonly result: { readonly value?: unknown }; readonly exceptionDetails?: Thrown }
}

/** Its events. */
interface Events {
  readonly 'Page.loadEventFired': object
  readonly 'Log.entryAdded': {
    readonly entry: { readonly level: string; readonly text: string; readonly url?: string }
  }
  readonly 'Runtime.consoleAPICalled': {
    readonly type: string
    readonly args: readonly { readonly value?: unknown; readonly description?: string }[]
  }
  readonly 'Runtime.exceptionThrown': { readonly exceptionDetails: Thrown }
}

interface Message {
  /** Of the command that this answers; an event has none. */
  readonly id?: number
  readonly result?: unknown
  readonly error?: { readonly message: string }
  readonly method?: string
  readonly params?: unknown
}

/** Starts Chromium, which is gone when the test is, with one empty page. */
export async function openPage(t: Test): Promise<Page> {
  requireCommand([CHROMIUM, '--version'])
  const directory = shortDir(t)
  const child = spawnClean([CHROMIUM, ...OPTIONS, `--user-data-dir=${directory}/profile`], { cwd: directory })
  // All of its processes have ended then, and write nothing more.
  const ended = once(child, 'close')
  const log = new Log()
  child.stdout?.resume()
  if (child.stderr) log.read(child.stderr)
  atEnd(t, async () => {
    child.kill()
    await ended
  })
  const { msg } = await log.wait(READY)
  const socket = new WebSocket(READY.exec(msg)?.groups?.address ?? '')
  await once(socket, 'open', { signal: AbortSignal.timeout(CEILING) })
  return Page.open(socket)
}

/** A page, driven over the DevTools protocol. */
export class Page {
  /** What the browser found amiss: requests that failed, errors of scripts. */
  readonly errors: string[] = []
  readonly #socket: WebSocket
  readonly #events = new EventEmitter()
  #session: string | undefined
  #commands = 0

  static async open(socket: WebSocket): Promise<Page> {
    const page = new Page(socket)
    const { targetId } = await page.#send('Target.createTarget', { url: 'about:blank' })
    const { sessionId } = await page.#send('Target.attachToTarget', { targetId, flatten: true })
    page.#session = sessionId
    for (const domain of ['Page', 'Runtime', 'Log'] as const) await page.#send(`${domain}.enable`)
    return page
  }

  private constructor(socket: WebSocket) {
    this.#socket = socket
    socket.on('message', data => this.#receive(JSON.parse(String(data)) as Message)) // the protocol has no others
    this.#on('Log.entryAdded', ({ entry }) => {
      // Chromium asks for an icon by itself.
      if (entry.level === 'error' && !entry.url?.endsWith('/favicon.ico'))
        this.errors.push(`${entry.text} ${entry.url}`)
    })
    this.#on('Runtime.consoleAPICalled', ({ type, args }) => {
      if (type === 'error') this.errors.push(args.map(({ value, description }) => value ?? description).join(' '))
    })
    this.#on('Runtime.exceptionThrown', ({ exceptionDetails }) => this.errors.push(describe(exceptionDetails)))
  }

  /** Resolves when the page and all that belongs to it are loaded. */
  async goTo(url: string): Promise<void> {
    await Promise.all([this.#loaded(), this.#send('Page.navigate', { url })])
  }

  /** As the keyboard would, into a field. */
  async type(selector: string, text: string): Promise<void> {
    await this.evaluate(`document.querySelector(${JSON.stringify(selector)}).focus()`)
    await this.#send('Input.insertText', { text })
  }

  /** Presses and releases a key: `Enter`, `Escape`, `Tab`. */
  async press(key: keyof typeof KEYS): Promise<void> {
    const pressed = { key, code: key, ...KEYS[key] }
    await this.#send('Input.dispatchKeyEvent', { type: 'keyDown', ...pressed })
    await this.#send('Input.dispatchKeyEvent', { type: 'keyUp', ...pressed })
  }

  /** What the user prefers: light or dark. */
  async prefer(scheme: 'light' | 'dark'): Promise<void> {
    await this.#send('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value: scheme }] })
  }

  /** @param width  of the window, in CSS pixels; `height` likewise */
  async resize(width: number, height: number): Promise<void> {
    await this.#send('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor: 1, mobile: false })
  }

  /** A picture of the window, as PNG. */
  async screenshot(): Promise<Buffer> {
    const { data } = await this.#send('Page.captureScreenshot', { format: 'png' })
    return Buffer.from(data, 'base64')
  }

  /** Clicks what leads to another page, and resolves when that is loaded. */
  async follow(selector: string): Promise<void> {
    await Promise.all([this.#loaded(), this.evaluate(`document.querySelector(${JSON.stringify(selector)}).click()`)])
  }

  /** The value of an expression in the page. */
  async evaluate(expression: string): Promise<unknown> {
    const { result, exceptionDetails } = await this.#send('Runtime.evaluate', { expression, returnByValue: true })
    if (exceptionDetails) throw new Error(`${expression}: ${describe(exceptionDetails)}`)
    return result.value
  }

  /** What a reader sees of an element. */
  async text(selector: string): Promise<string> {
    return String(await this.evaluate(`document.querySelector(${JSON.stringify(selector)})?.innerText`))
  }

  #loaded(): Promise<unknown> {
    return once(this.#events, 'Page.loadEventFired', { signal: AbortSignal.timeout(CEILING) })
  }

  #on<Name extends keyof Events>(name: Name, listener: (params: Events[Name]) => void): void {
    this.#events.on(name, listener)
  }

  async #send<Name extends keyof Answers>(method: Name, params: object = {}): Promise<Answers[Name]> {
    const id = ++this.#commands
    const answer = once(this.#events, String(id), { signal: AbortSignal.timeout(CEILING) })
    this.#socket.send(JSON.stringify({ id, method, params, sessionId: this.#session }))
    const [{ result, error }] = await answer
    if (error) throw new Error(`${method}: ${error.message}`)
    return result
  }

  #receive({ id, method, params, ...answer }: Message): void {
    if (id !== undefined) this.#events.emit(String(id), answer)
    else if (method !== undefined) this.#events.emit(method, params)
  }
}

function describe({ text, exception }: Thrown): string {
  return exception?.description ?? text
}
