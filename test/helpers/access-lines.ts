import type { Server } from './server-process.js'

/** A line of the access log in its format `json`, as far as tests look at it. */
export interface AccessLine {
  readonly pid: number
  readonly remoteAddress: string
  readonly method: string
  readonly url: string
  readonly status: number | null
  readonly bytes: number
  readonly outcome: 'finished' | 'aborted' | 'refused' | 'timeout'
}

/** Arguments that make a server write such lines to its standard output. */
export const JSON_ACCESS_LOG = ['--access-logfile', '-', '--access-logformat', 'json']

/** The lines of `text`; throws if one is not JSON, as two mixed lines are not. */
export function parseAccessLines(text: string): AccessLine[] {
  return text
    .split('\n')
    .filter(line => line !== '')
    .map((line): AccessLine => JSON.parse(line))
}

/** The lines that have come; all of them once the server has ended. */
export function accessLines(server: Server): AccessLine[] {
  return parseAccessLines(server.stdout.lines.map(({ msg }) => msg).join('\n'))
}

/** Waits for the line of a request. */
export async function accessLine(server: Server, url: string): Promise<AccessLine> {
  const { msg } = await server.stdout.wait(line => line.msg.includes(`"url":${JSON.stringify(url)},`))
  const [line] = parseAccessLines(msg)
  if (!line) throw new Error(`no line: ${msg}`)
  return line
}

/** The part of a line that is the same in each run. */
export function summaryOf({ method, url, status, bytes, outcome }: AccessLine): string {
  return `${method} ${url} ${status} ${bytes} ${outcome}`
}
