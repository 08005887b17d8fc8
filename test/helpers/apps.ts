import { readFileSync } from 'node:fs'
import { root } from './root.js'

/** Answers every request with the worker's pid. */
export const hello = fixture('hello.js')

/** Does on request whatever an application can do to a server; its paths are listed in the file. */
export const mischief = fixture('mischief.js')

function fixture(name: string): string {
  return readFileSync(`${root}test/fixtures/process/${name}`, 'utf8')
}
