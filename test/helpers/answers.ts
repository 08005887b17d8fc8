import { readFileSync } from 'node:fs'
import { root } from './root.js'

/** Exports `node`, `wsgi` and `fetch`, which answer in all the ways that an access log tells apart. */
export const answers = readFileSync(`${root}test/fixtures/process/answers.js`, 'utf8')
