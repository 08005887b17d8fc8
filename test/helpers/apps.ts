import { readFileSync } from 'node:fs'
import { root } from './root.js'

/** Answers every request with the worker's pid. */
export const hello = fixture('hello.js')

/** Does on request whatever an application can do to a server; its paths are listed in the file. */
export const mischief = fixture('mischief.js')

/** Keeps the event loop from turning in the ways that its paths name. */
export const hangs = fixture('hangs.js')

/** Loads when the test releases `boot-INDEX`, the worker's index; then as `hello`. */
export const heldBoot = fixture('held-boot.js')

/** Exports `node`, `wsgi` and `fetch`, which write to requests whose time is over. */
export const late = fixture('late.js')

/** Answers every request with `text`: one version of an application. */
export function says(text: string): string {
  return hello.replace('String(process.pid)', `'${text}'`)
}

function fixture(name: string): string {
  return readFileSync(`${root}test/fixtures/process/${name}`, 'utf8')
}
