import { isAbsolute, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { packageFile } from '../../sys/package.js'

/** Of all threads, or of the one that was asked. */
const THREAD = /^(?:(?:Current thread|Thread) 0x([0-9a-f]+)(?: \[(.*)\])?|Stack) \(most recent call first\):$/
const FRAME = /^ {2}File "(.*)", line (\d+|\?\?\?) in (.*)$/
const OWN = fileURLToPath(packageFile('python/'))

interface Frame {
  readonly file: string
  readonly text: string
}

interface Thread {
  readonly ident: string
  readonly title: string
  readonly frames: Frame[]
}

/** Where Python is, for the log: an error without a message, since the line that has it says what happened. */
export class PythonStack extends Error {
  /** The innermost line, `app.py:12 in slow`; undefined if no thread runs the application. */
  readonly place: string | undefined
  /** Of the thread that comes first, the innermost first. */
  readonly frames: readonly string[]

  /** The place as the end of a sentence: `, at app.py:12 in slow`, or nothing. */
  get at(): string {
    return this.place === undefined ? '' : `, at ${this.place}`
  }

  /**
   * @param dump  what faulthandler has written
   * @param directory  of the application: paths are shown relative to it
   * @param ident  of the thread that comes first, as its channel's thread is named
   */
  constructor(dump: string, directory: string, ident?: string) {
    super('')
    this.name = 'PythonStack'
    const { head, threads } = parse(dump, directory)
    const isFirst = (thread: Thread): boolean => thread.ident === ident
    const [first, ...others] = [...threads.filter(isFirst), ...threads.filter(thread => !isFirst(thread))]
    this.frames = (first?.frames ?? []).map(({ text }) => text)
    this.place = this.frames[0]
    const blocks = others.map(thread => [thread.title, ...textOf(thread)])
    this.stack = [...head, ...(first ? textOf(first) : []), ...blocks.flat()].join('\n') || 'no Python frame'
  }
}

/** The threads that run something of the application's. */
function parse(dump: string, directory: string): { head: readonly string[]; threads: readonly Thread[] } {
  const head: string[] = []
  const threads: Thread[] = []
  for (const line of dump.split('\n')) {
    const header = THREAD.exec(line)
    if (header) {
      const [, ident = '', name] = header
      const title = `Thread ${name ?? `0x${ident}`}:`
      threads.push({ ident: ident.replace(/^0+/, ''), title, frames: [] })
      continue
    }
    const [, file, number, name_] = FRAME.exec(line) ?? []
    if (file !== undefined) {
      const shown = shorten(file, directory)
      threads.at(-1)?.frames.push({ file, text: `${shown}:${number} in ${name_}` })
    } else if (line.trim() !== '' && threads.length === 0) head.push(line)
  }
  return { head, threads: threads.map(withoutOwn).filter(({ frames }) => frames.length > 0) }
}

/** Without the frames in which the server calls the application, and those of the import. */
function withoutOwn(thread: Thread): Thread {
  const frames = thread.frames.filter(({ file }) => !file.startsWith('<frozen '))
  while (isOwn(frames.at(-1))) frames.pop()
  return { ...thread, frames }
}

function isOwn(frame: Frame | undefined): boolean {
  if (!frame) return false
  return (
    frame.file.startsWith(OWN) ||
    // The loop of an ASGI process.
    /\/asyncio\/\w+\.py$/.test(frame.file) ||
    (frame.file.endsWith('/threading.py') && / in (run|_bootstrap|_bootstrap_inner)$/.test(frame.text))
  )
}

function shorten(file: string, directory: string): string {
  const short = relative(directory, file)
  return isAbsolute(file) && !short.startsWith('..') ? short : file
}

function textOf({ frames }: Thread): string[] {
  return frames.map(({ text }) => `  at ${text}`)
}
